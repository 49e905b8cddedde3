// SPDX-License-Identifier: Apache-2.0
import type { Session } from '../api/types';
import { octets } from '../ui/number';
import { Empty, PageHead } from '../ui/parts';
import { ToEndpoint, ToVSlice } from '../ui/refs';
import { Table } from '../ui/table';
import { Since } from '../ui/time';
import { Address } from './endpoint-table';
import { useLnsName } from './lns-name';

export default function Sessions() {
	const lns = useLnsName();
	return (
		<>
			<PageHead title="Sessions" about="Every live connection of a device." />
			<Table<Session>
				path="sessions"
				label="Sessions"
				search="imsi"
				searchLabel="Search by IMSI"
				vsliceMember="vslice"
				on={/session/}
				every={3000}
				empty={
					<Empty icon="session" title="No live session">
						<p>A session stands here within a second of its attach. When a SIM does not attach, its Endpoint's page says why.</p>
					</Empty>
				}
				columns={[
					{
						head: 'Endpoint',
						cell: (row) => (
							<>
								<ToEndpoint of={row.endpoint && { ...row.endpoint, moniker: null }} />
								<small class="mono">{row.imsi}</small>
							</>
						),
					},
					{ head: 'IP address', sort: 'ipAddress', cell: (row) => <Address of={row} /> },
					{ head: 'VSlice', cell: (row) => <ToVSlice of={row.vslice} /> },
					{ head: 'LNS', wide: true, cell: (row) => lns(row) ?? '–' },
					{ head: 'Attached for', sort: 'startedAt', cell: (row) => <Since at={row.startedAt} /> },
					{ head: 'Radio access', wide: true, cell: (row) => row.rat ?? '–' },
					{ head: 'Up', end: true, sort: 'bytesUplink', wide: true, cell: (row) => octets(row.bytesUplink) },
					{ head: 'Down', end: true, sort: 'bytesDownlink', wide: true, cell: (row) => octets(row.bytesDownlink) },
				]}
			/>
		</>
	);
}
