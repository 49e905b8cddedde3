// SPDX-License-Identifier: Apache-2.0
// Many Endpoints from a file: all or none, with what is wrong said row by row.
import { useState } from 'preact/hooks';
import { ApiError, BASE, headersOf } from '../api/client';
import { touch } from '../api/query';
import { Link } from '../router';
import { Button } from '../ui/button';
import { Faults } from '../ui/faults';
import { Icon } from '../ui/icons';
import { count } from '../ui/number';
import { Card, CodeBlock, PageHead } from '../ui/parts';

const EXAMPLE = 'iccid,imsis,name,endpointGroup,pppUsername,pppPassword\n8944999700000000000018,999700000000001,Car 1,cars,car1,secret\n';

interface RowReport {
	row: number;
	iccid: string | null;
	id: string | null;
	messages: string[];
}

interface Report {
	success: boolean;
	messages: string[];
	data: { rows: number; created: number; faulty: number; report: RowReport[] } | null;
}

// XMLHttpRequest, because it tells how much has been sent.
function send(file: File, dryRun: boolean, progress: (sent: number) => void): Promise<Report> {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		request.open('POST', BASE + 'endpoints/import' + (dryRun ? '?dryRun=true' : ''));
		headersOf('POST', { raw: { content: '', type: /json$/.test(file.name) ? 'application/x-ndjson' : 'text/csv' } }).forEach((value, name) => request.setRequestHeader(name, value));
		request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
		request.onerror = () => reject(new ApiError(0, ['The controller cannot be reached; nothing was imported.']));
		request.onload = () => {
			try {
				resolve(JSON.parse(request.responseText) as Report);
			} catch {
				reject(new ApiError(request.status, [`The controller answered ${request.status}`]));
			}
		};
		request.send(file);
	});
}

function Result({ report, isTrial }: { report: Report; isTrial: boolean }) {
	const bad = report.data?.report.filter((row) => row.messages.length) ?? [];
	return (
		<>
			<div class={report.success ? 'notice good' : 'notice bad'} role="status">
				<Icon name={report.success ? 'check' : 'warn'} />
				<div>
					<p>
						<b>
							{report.success
								? isTrial
									? `All ${count(report.data?.rows)} rows are good. Nothing was imported yet.`
									: `${count(report.data?.created)} Endpoints imported.`
								: `Nothing was imported: ${count(report.data?.faulty)} of ${count(report.data?.rows)} rows need mending.`}
						</b>
					</p>
					{!bad.length && report.messages.map((message) => <p key={message}>{message}</p>)}
					{report.success && !isTrial && <Link to="/endpoints">To the Endpoints</Link>}
				</div>
			</div>
			{bad.length > 0 && (
				<div class="table-wrap" tabIndex={0} role="region" aria-label="Rows that need mending">
					<table>
						<thead>
							<tr>
								<th scope="col" class="end">
									Row
								</th>
								<th scope="col">ICCID</th>
								<th scope="col">What is wrong with it</th>
							</tr>
						</thead>
						<tbody>
							{bad.slice(0, 500).map((row) => (
								<tr key={row.row}>
									<td class="end">{count(row.row)}</td>
									<td class="mono">{row.iccid ?? '–'}</td>
									<td>
										{row.messages.map((message) => (
											<p key={message}>{message}</p>
										))}
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</>
	);
}

export default function Import() {
	const [file, setFile] = useState<File | null>(null);
	const [sent, setSent] = useState<number | null>(null);
	const [result, setResult] = useState<{ report: Report; isTrial: boolean } | null>(null);
	const [error, setError] = useState<unknown>(null);
	const run = (isTrial: boolean) => async () => {
		if (!file) return;
		setResult(null);
		setError(null);
		setSent(0);
		try {
			setResult({ report: await send(file, isTrial, setSent), isTrial });
			touch('endpoints', 'endpointgroups', 'vslices');
		} catch (failed) {
			setError(failed);
		} finally {
			setSent(null);
		}
	};
	return (
		<>
			<PageHead title="Import Endpoints" crumbs={[['/endpoints', 'Endpoints']]} about="A CSV file with a heading, or one JSON object a line. Every row is checked first; nothing is done by halves." />
			<Card>
				<div class="field">
					<label class="field-label" for="import-file">
						File
					</label>
					<input id="import-file" type="file" accept=".csv,.ndjson,.jsonl,text/csv" onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />
				</div>
				<div class="form-foot">
					<Button kind="primary" icon="upload" run={run(false)} disabled={!file || sent !== null}>
						Import
					</Button>
					<Button run={run(true)} disabled={!file || sent !== null}>
						Only check it
					</Button>
					{sent !== null && <span role="status">{sent < 1 ? `${Math.round(sent * 100)} % sent` : 'Being checked…'}</span>}
				</div>
			</Card>
			<Faults error={error} />
			{result && <Result {...result} />}
			<Card title="Example">
				<CodeBlock label="endpoints.csv" text={EXAMPLE} />
			</Card>
		</>
	);
}
