// SPDX-License-Identifier: Apache-2.0
// An attach as a time line: every step across GTP, L2TP and PPP, who sent it, and the verdict in words on top. Where it took long the line says so.
import type { Attach, Step } from '../api/types';
import { Icon } from './icons';
import { Badge } from './parts';
import { duration, Time } from './time';

const layers: Record<string, string> = { gtp: 'GTP', pco: 'PCO', l2tp: 'L2TP', ppp: 'PPP', gateway: 'Gateway' };
const directions: Record<string, { mark: string; words: string }> = {
	in: { mark: '←', words: 'received' },
	out: { mark: '→', words: 'sent' },
};
const LONG_MS = 500;

const MEND = ' To mend it: ';

// What happened, and on a line of its own what to do about it.
export function Verdict({ text }: { text: string }) {
	const [what = '', ...mend] = text.split(MEND);
	return (
		<>
			{what}
			{mend.length > 0 && (
				<span class="mend">
					<b>To mend it:</b> {mend.join(MEND)}.
				</span>
			)}
		</>
	);
}

function StepRow({ step, before, total }: { step: Step; before: number; total: number }) {
	const way = directions[step.direction];
	const gap = step.ms - before;
	return (
		<li class={'trace-step ' + step.layer}>
			<span class="trace-ms">
				{step.ms} ms{gap >= LONG_MS && <small>after {duration(gap)}</small>}
			</span>
			<span class="trace-at" aria-hidden="true">
				<i style={{ left: (total ? (step.ms / total) * 100 : 0) + '%' }} />
			</span>
			<span class="trace-layer">{layers[step.layer] ?? step.layer.toUpperCase()}</span>
			<span class="trace-way" title={way?.words}>
				{way?.mark}
				{way && <span class="visually-hidden">{way.words}</span>}
			</span>
			<span class="trace-text">{step.text}</span>
		</li>
	);
}

export function Trace({ attach, open = true }: { attach: Attach; open?: boolean }) {
	const total = attach.steps.at(-1)?.ms ?? 0;
	return (
		<details class={attach.ok ? 'trace good' : 'trace bad'} open={open}>
			<summary>
				<Icon name={attach.ok ? 'check' : 'warn'} />
				<span class="trace-verdict">
					<b>{attach.ok ? 'Attached' : 'Failed'}</b>: <Verdict text={attach.verdict} />
				</span>
				<span class="trace-when">
					<Badge tone="none">{duration(total)}</Badge> <Time at={attach.startedAt} />
				</span>
			</summary>
			<ol>
				{attach.steps.map((step, i) => (
					<StepRow key={i} step={step} before={attach.steps[i - 1]?.ms ?? 0} total={total} />
				))}
			</ol>
		</details>
	);
}
