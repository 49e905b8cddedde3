// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from '../router';
import { Icon, type IconName } from './icons';
import { tellError } from './toast';

type Kind = 'primary' | 'plain' | 'quiet' | 'danger';
type ButtonProps = {
	kind?: Kind;
	icon?: IconName;
	small?: boolean;
	label?: string; // for a button with an icon only
	children?: ComponentChildren;
	run?: () => Promise<unknown> | unknown; // what a click does; while it works the button waits, and what it throws is told
	type?: 'button' | 'submit';
	disabled?: boolean;
} & Omit<JSX.HTMLAttributes<HTMLButtonElement>, 'icon' | 'label' | 'type' | 'disabled'>;

const classOf = (kind: Kind, small?: boolean, alone?: boolean) => `button ${kind}${small ? ' small' : ''}${alone ? ' alone' : ''}`;

export function Button({ kind = 'plain', icon, small, label, children, run, type = 'button', disabled, ...rest }: ButtonProps) {
	const [busy, setBusy] = useState(false);
	const onClick = async () => {
		setBusy(true);
		try {
			await run?.();
		} catch (error) {
			tellError(error);
		} finally {
			setBusy(false);
		}
	};
	return (
		<button
			class={classOf(kind, small, !children)}
			type={type}
			aria-label={label}
			title={label}
			aria-busy={busy || undefined}
			disabled={busy || disabled}
			{...(run ? { onClick } : {})}
			{...rest}
		>
			{icon && <Icon name={icon} />}
			{children && <span>{children}</span>}
		</button>
	);
}

export function ButtonLink({ to, kind = 'plain', icon, small, children }: { to: string; kind?: Kind; icon?: IconName; small?: boolean; children: ComponentChildren }) {
	return (
		<Link to={to} class={classOf(kind, small)}>
			{icon && <Icon name={icon} />}
			<span>{children}</span>
		</Link>
	);
}
