// SPDX-License-Identifier: Apache-2.0
// Bars over time, in one or two parts. The same numbers stand in a table for those who do not see the drawing.
import { useId } from 'preact/hooks';

export interface Bar {
	at: string; // when it begins
	parts: number[];
}

interface PlotProps {
	bars: Bar[];
	names: string[]; // of the parts
	tones?: ('one' | 'two' | 'good' | 'bad')[];
	label: string;
	format: (value: number) => string;
	when: (at: string) => string;
}

const WIDTH = 600;
const HEIGHT = 120;

export function Plot({ bars, names, tones = ['one', 'two'], label, format, when }: PlotProps) {
	const id = useId();
	const sums = bars.map((bar) => bar.parts.reduce((sum, part) => sum + part, 0));
	const top = Math.max(...sums, 1);
	const step = WIDTH / Math.max(bars.length, 1);
	return (
		<figure class="plot">
			<figcaption id={id}>
				<span>{label}</span>
				{names.map((name, i) => (
					<span key={name} class={'key ' + tones[i]}>
						{name}
					</span>
				))}
				<span class="plot-top">up to {format(Math.max(...sums, 0))}</span>
			</figcaption>
			<svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
				{bars.map((bar, i) => {
					let below = 0;
					return (
						<g key={bar.at}>
							<title>{`${when(bar.at)}: ${bar.parts.map((part, n) => `${names[n]} ${format(part)}`).join(', ')}`}</title>
							<rect class="slot" x={i * step} y={0} width={step} height={HEIGHT} />
							{bar.parts.map((part, n) => {
								const height = (part / top) * HEIGHT;
								below += height;
								return <rect key={n} class={tones[n]} x={i * step + step * 0.12} y={HEIGHT - below} width={step * 0.76} height={height} />;
							})}
						</g>
					);
				})}
			</svg>
			<div class="plot-axis" aria-hidden="true">
				<span>{bars[0] && when(bars[0].at)}</span>
				<span>{bars.length > 1 && when(bars.at(-1)!.at)}</span>
			</div>
			<table class="visually-hidden" aria-labelledby={id}>
				<thead>
					<tr>
						<th scope="col">Time</th>
						{names.map((name) => (
							<th key={name} scope="col">
								{name}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{bars
						.filter((_, i) => sums[i])
						.map((bar) => (
							<tr key={bar.at}>
								<th scope="row">{when(bar.at)}</th>
								{bar.parts.map((part, n) => (
									<td key={n}>{format(part)}</td>
								))}
							</tr>
						))}
				</tbody>
			</table>
		</figure>
	);
}
