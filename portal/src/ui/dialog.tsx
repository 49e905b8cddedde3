// SPDX-License-Identifier: Apache-2.0
// Dialogs are the browser's own: focus is kept inside, Escape closes, and what is behind cannot be reached.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from './button';
import { Faults } from './faults';

interface DialogProps {
	title: string;
	children: ComponentChildren;
	onClose: () => void;
	wide?: boolean;
}

export function Dialog({ title, children, onClose, wide }: DialogProps) {
	const ref = useRef<HTMLDialogElement>(null);
	useEffect(() => {
		const dialog = ref.current;
		dialog?.showModal();
		return () => dialog?.close();
	}, []);
	return (
		<dialog
			ref={ref}
			class={wide ? 'dialog wide' : 'dialog'}
			aria-labelledby="dialog-title"
			onCancel={(event) => {
				event.preventDefault();
				onClose();
			}}
		>
			<header>
				<h2 id="dialog-title">{title}</h2>
				<Button kind="quiet" icon="close" label="Close" onClick={onClose} />
			</header>
			{children}
		</dialog>
	);
}

interface Question {
	title: string;
	text: ComponentChildren; // what will break
	act: string; // the verb on the button
	danger?: boolean;
	typed?: string; // must be typed first
	run?: () => Promise<unknown>; // a failure is shown in the dialog
	answer: (yes: boolean) => void;
}

const question = signal<Question | null>(null);

// Asks before something is done. What it will break stands in `text`; true when it was done.
export function confirm(asked: Omit<Question, 'answer'>): Promise<boolean> {
	return new Promise((resolve) => {
		question.value = {
			...asked,
			answer: (yes) => {
				question.value = null;
				resolve(yes);
			},
		};
	});
}

function ConfirmDialog({ title, text, act, danger, typed, run, answer }: Question) {
	const [word, setWord] = useState('');
	const [error, setError] = useState<unknown>(null);
	const go = async () => {
		try {
			await run?.();
			answer(true);
		} catch (failed) {
			setError(failed);
		}
	};
	return (
		<Dialog title={title} onClose={() => answer(false)}>
			<div class="dialog-body">
				{text}
				{typed && (
					<label class="field">
						<span class="field-label">
							Type <code>{typed}</code> to go on
						</span>
						<input value={word} onInput={(event) => setWord(event.currentTarget.value)} autocomplete="off" />
					</label>
				)}
				<Faults error={error} />
			</div>
			<footer>
				<Button onClick={() => answer(false)}>Cancel</Button>
				<Button kind={danger ? 'danger' : 'primary'} run={go} disabled={!!typed && word !== typed}>
					{act}
				</Button>
			</footer>
		</Dialog>
	);
}

export function Confirmations() {
	return question.value && <ConfirmDialog {...question.value} />;
}
