// SPDX-License-Identifier: Apache-2.0
// The test of an LNS: the gateway dials it with no SIM, from each LAC, and tells what it answered, step by step.
import { useState } from 'preact/hooks';
import { get, post } from '../api/client';
import { mayAct } from '../api/session';
import type { Attach, Lns, VSlice } from '../api/types';
import { Button } from '../ui/button';
import { Card } from '../ui/parts';
import { Trace } from '../ui/trace';

const PATIENCE = 25000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

// The results that were not there before; one for each LAC.
async function test(vslice: VSlice, lns: Lns, tell: (results: Attach[]) => void) {
	const results = `vslices/${vslice.id}/lnss/${lns.id}/tests`;
	const before = (await get<Attach[]>(results)).data[0]?.startedAt ?? '';
	await post(`vslices/${vslice.id}/lnss/${lns.id}/test`);
	const wanted = vslice.l2tpAccessConcentrators?.length ?? 1;
	for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(250)) {
		const news = (await get<Attach[]>(results)).data.filter((result) => result.startedAt > before);
		if (news.length) tell(news);
		if (news.length >= wanted) return;
	}
	throw new Error('No result came from the Regional Gateway; is it connected?');
}

export function LnsTests({ vslice }: { vslice: VSlice }) {
	const [results, setResults] = useState<{ lns: Lns; attaches: Attach[] } | null>(null);
	const lnss = vslice.l2tpNetworkServers ?? [];
	if (!lnss.length || !mayAct()) return null;
	return (
		<Card title="Test" about="Dials the LNS now, from each LAC, with no SIM: what it answers is told step by step.">
			<div class="actions">
				{lnss.map((lns) => (
					<Button key={lns.id} icon="play" run={() => test(vslice, lns, (attaches) => setResults({ lns, attaches }))}>
						Test {lns.name ?? lns.address}
					</Button>
				))}
			</div>
			<div aria-live="polite">{results?.attaches.map((attach) => <Trace key={attach.startedAt + attach.verdict} attach={attach} />)}</div>
		</Card>
	);
}
