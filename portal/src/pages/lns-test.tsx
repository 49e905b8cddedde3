// SPDX-License-Identifier: Apache-2.0
// The test of an LNS: the gateway dials it with no SIM, from each LAC, and tells what it answered, step by step.
import { useEffect, useState } from 'preact/hooks';
import { get, post } from '../api/client';
import { mayAct } from '../api/session';
import type { Attach, Ref, VSlice } from '../api/types';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Faults } from '../ui/faults';
import { Card, Loading } from '../ui/parts';
import { Trace } from '../ui/trace';
import { CaptureButton } from './capture';

const PATIENCE = 25000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

// The results that were not there before; one for each LAC.
async function test(vslice: string, lns: string, tell: (results: Attach[]) => void) {
	const results = `vslices/${vslice}/lnss/${lns}/tests`;
	const lacs = (await get<VSlice>('vslices/' + vslice)).data.l2tpAccessConcentrators?.length ?? 1;
	const before = (await get<Attach[]>(results)).data[0]?.startedAt ?? '';
	await post(`vslices/${vslice}/lnss/${lns}/test`);
	for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(250)) {
		const news = (await get<Attach[]>(results)).data.filter((result) => result.startedAt > before);
		if (news.length) tell(news);
		if (news.length >= lacs) return;
	}
	throw new Error('No result came from the Regional Gateway; is it connected?');
}

interface Tested {
	vslice: string;
	lns: { id: string; name: string };
}

export function LnsTestDialog({ vslice, lns, close }: Tested & { close: () => void }) {
	const [results, setResults] = useState<Attach[]>([]);
	const [error, setError] = useState<unknown>(null);
	const [busy, setBusy] = useState(true);
	useEffect(() => {
		test(vslice, lns.id, setResults)
			.catch(setError)
			.finally(() => setBusy(false));
	}, []);
	return (
		<Dialog title={`Test of ${lns.name}`} onClose={close} wide>
			<div class="dialog-body" aria-live="polite">
				<Faults error={error} />
				{results.map((attach) => (
					<Trace key={attach.startedAt + attach.verdict} attach={attach} />
				))}
				{busy && <Loading />}
			</div>
		</Dialog>
	);
}

export function LnsTestButton({ vslice, lns, label = 'Test LNS' }: { vslice: Ref; lns: Ref; label?: string }) {
	const [isOpen, setOpen] = useState(false);
	if (!mayAct()) return null;
	return (
		<>
			<Button small icon="play" onClick={() => setOpen(true)}>
				{label}
			</Button>
			{isOpen && <LnsTestDialog vslice={vslice.id} lns={{ id: lns.id, name: lns.name ?? lns.moniker ?? 'the LNS' }} close={() => setOpen(false)} />}
		</>
	);
}

export function LnsTests({ vslice }: { vslice: VSlice }) {
	const lnss = vslice.l2tpNetworkServers ?? [];
	if (!lnss.length || !mayAct()) return null;
	return (
		<Card title="Test and capture" about="The test dials the LNS now, from each LAC, with no SIM: what it answers is told step by step.">
			<div class="actions">
				{lnss.map((lns) => (
					<span key={lns.id} class="actions">
						<LnsTestButton vslice={vslice} lns={lns} label={'Test ' + (lns.name ?? lns.address)} />
						<CaptureButton small of={{ vslice: vslice.id, lns: lns.id }} name={lns.name ?? lns.address} />
					</span>
				))}
			</div>
		</Card>
	);
}
