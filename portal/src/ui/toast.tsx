// SPDX-License-Identifier: Apache-2.0
// Short news of what was done. They are read aloud, and stay while they are pointed at; errors stay until they are taken away.
import { signal } from '@preact/signals';
import { messagesOf } from '../api/client';
import { Icon } from './icons';

interface Toast {
	id: number;
	kind: 'good' | 'bad';
	text: string;
}

const toasts = signal<Toast[]>([]);
let count = 0;

const drop = (id: number) => (toasts.value = toasts.value.filter((toast) => toast.id !== id));

export function tell(text: string) {
	const id = ++count;
	toasts.value = [...toasts.value.slice(-2), { id, kind: 'good', text }];
	setTimeout(() => drop(id), 5000);
}

export function tellError(error: unknown) {
	toasts.value = [...toasts.value.slice(-3), { id: ++count, kind: 'bad', text: messagesOf(error).join(' · ') }];
}

export function Toasts() {
	return (
		<div class="toasts" role="status" aria-live="polite">
			{toasts.value.map((toast) => (
				<div key={toast.id} class={'toast ' + toast.kind}>
					<Icon name={toast.kind === 'good' ? 'check' : 'warn'} />
					<span>{toast.text}</span>
					<button type="button" class="button quiet small alone" aria-label="Dismiss" onClick={() => drop(toast.id)}>
						<Icon name="close" />
					</button>
				</div>
			))}
		</div>
	);
}
