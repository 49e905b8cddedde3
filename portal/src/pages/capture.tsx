// SPDX-License-Identifier: Apache-2.0
// A capture of packets: begun where one looks at the Endpoint, the tunnel or the LNS, watched while it runs, and kept as a file.
import { useState } from 'preact/hooks';
import { fetchRaw, post } from '../api/client';
import { touch, useQuery } from '../api/query';
import { fieldOf, hasNoun, nounOf } from '../api/schema';
import { mayAct } from '../api/session';
import type { Enum, Ref } from '../api/types';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Faults } from '../ui/faults';
import { count, octets } from '../ui/number';
import { Await, Facts } from '../ui/parts';

export interface Capture {
	id: string;
	endpoint: Ref | null;
	tunnel: string | null;
	vslice: Ref | null;
	lns: Ref | null;
	levels: string[] | null;
	seconds: number;
	octets: number;
	state: Enum;
	reason: string | null;
	startedAt: string | null;
	endedAt: string | null;
	size: number;
	packets: number;
}

// What is captured: one of these.
export type Subject = { endpoint: string } | { tunnel: string } | { vslice: string; lns: string };

const levels: [string, string][] = [
	['gtp', 'GTP: toward the mobile network'],
	['l2tp', 'L2TP: toward the LNS'],
	['ip', "IP: the SIM's own packets"],
];

export const isRunning = (capture: Capture) => capture.state.moniker === 'running';

export async function stopCapture(id: string) {
	await post(`captures/${id}/stop`);
	touch('captures');
}

// Asked for as all else is, with who asks in its headers, and then handed to the browser as a file.
export async function downloadCapture(capture: Capture) {
	const file = URL.createObjectURL(await (await fetchRaw('GET', `captures/${capture.id}/download`)).blob());
	const link = document.createElement('a');
	link.href = file;
	link.download = `capture-${(capture.startedAt ?? capture.id).replace(/[:.]/g, '-')}.pcapng`;
	link.click();
	setTimeout(() => URL.revokeObjectURL(file), 60000);
}

export function CaptureActions({ capture }: { capture: Capture }) {
	if (!mayAct()) return null;
	return isRunning(capture) ? (
		<Button small icon="pause" run={() => stopCapture(capture.id)}>
			Stop
		</Button>
	) : (
		<Button small icon="download" run={() => downloadCapture(capture)}>
			Download
		</Button>
	);
}

function Running({ id }: { id: string }) {
	const query = useQuery<Capture>('captures/' + id, { every: 700 });
	return (
		<Await query={query} what="capture">
			{(capture) => (
				<>
					<div class="dialog-body">
						<Facts
							rows={[
								['State', isRunning(capture) ? `Running, ${capture.seconds} s at most` : `Ended${capture.reason ? ': ' + capture.reason : ''}`],
								['Packets', count(capture.packets)],
								['File', octets(capture.size)],
							]}
						/>
						<progress aria-label="How full the file is" max={capture.octets} value={capture.size} />
						<p class="faint">It goes on when this is closed; the file stays under Captures for an hour after its end.</p>
					</div>
					<footer>
						<CaptureActions capture={capture} />
					</footer>
				</>
			)}
		</Await>
	);
}

function Begin({ of, begun }: { of: Subject; begun: (id: string) => void }) {
	const noun = nounOf('capture');
	const seconds = fieldOf(noun, 'seconds');
	const size = fieldOf(noun, 'octets');
	const [chosen, setChosen] = useState(new Set(levels.map(([level]) => level)));
	const [long, setLong] = useState(Number(seconds.default));
	const [megabytes, setMegabytes] = useState(Math.round(Number(size.default) / 2 ** 20));
	const [error, setError] = useState<unknown>(null);
	const choose = (level: string, on: boolean) => setChosen((before) => new Set(levels.map(([one]) => one).filter((one) => (one === level ? on : before.has(one)))));
	const begin = async () => {
		try {
			begun((await post('captures', { ...of, levels: [...chosen], seconds: long, octets: megabytes * 2 ** 20 })).data);
			touch('captures');
		} catch (failed) {
			setError(failed);
		}
	};
	return (
		<>
			<div class="dialog-body">
				<p>{noun.help}.</p>
				<fieldset>
					<legend class="field-label">What</legend>
					{levels.map(([level, label]) => (
						<label key={level} class="tick-line">
							<input
								type="checkbox"
								checked={chosen.has(level)}
								onChange={(event) => choose(level, event.currentTarget.checked)}
							/>
							{label}
						</label>
					))}
				</fieldset>
				<div class="fields">
					<label class="field">
						<span class="field-label">Seconds, at most</span>
						<input type="number" min={seconds.minimum} max={seconds.maximum} value={long} onInput={(event) => setLong(event.currentTarget.valueAsNumber)} />
					</label>
					<label class="field">
						<span class="field-label">File, at most (MiB)</span>
						<input type="number" min={1} max={Math.round((size.maximum ?? 0) / 2 ** 20)} value={megabytes} onInput={(event) => setMegabytes(event.currentTarget.valueAsNumber)} />
					</label>
				</div>
				<Faults error={error} />
			</div>
			<footer>
				<Button kind="primary" icon="capture" run={begin} disabled={!chosen.size}>
					Start
				</Button>
			</footer>
		</>
	);
}

export function CaptureButton({ of, name, small }: { of: Subject; name: string; small?: boolean }) {
	const [isOpen, setOpen] = useState(false);
	const [id, setId] = useState<string | null>(null);
	if (!mayAct() || !hasNoun('capture')) return null;
	const close = () => {
		setOpen(false);
		setId(null);
	};
	return (
		<>
			<Button icon="capture" {...(small ? { small } : {})} onClick={() => setOpen(true)}>
				Capture
			</Button>
			{isOpen && (
				<Dialog title={'Capture ' + name} onClose={close}>
					{id ? <Running id={id} /> : <Begin of={of} begun={setId} />}
				</Dialog>
			)}
		</>
	);
}
