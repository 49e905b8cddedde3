// SPDX-License-Identifier: Apache-2.0
// Who is signed in, and their password.
import { useState } from 'preact/hooks';
import { messagesOf, post } from '../api/client';
import { me } from '../api/session';
import { Button } from '../ui/button';
import { Icon } from '../ui/icons';
import { Card, Facts, PageHead } from '../ui/parts';
import { Time } from '../ui/time';
import { tell } from '../ui/toast';

const members = { currentPassword: 'Current password', newPassword: 'New password', again: 'New password, once more' };
type Member = keyof typeof members;
const empty: Record<Member, string> = { currentPassword: '', newPassword: '', again: '' };

function Password() {
	const [values, setValues] = useState(empty);
	const [faults, setFaults] = useState<Partial<Record<Member, string>>>({});
	const change = async () => {
		if (values.newPassword !== values.again) return setFaults({ again: 'Is not the same' });
		try {
			// A wrong password is no end of the session.
			await post('me/password', { currentPassword: values.currentPassword, newPassword: values.newPassword }, { quiet: true });
			setValues(empty);
			setFaults({});
			tell('Password changed; you are signed out everywhere else');
		} catch (error) {
			const said = messagesOf(error).map((message) => [message.startsWith('currentPassword: ') ? 'currentPassword' : 'newPassword', message.replace(/^\w+: (.)/, (_, first: string) => first.toUpperCase())]);
			setFaults(Object.fromEntries(said));
		}
	};
	return (
		<Card title="Password" about="Changing it signs you out everywhere else.">
			<form class="narrow-form" onSubmit={(event) => event.preventDefault()}>
				{(Object.keys(members) as Member[]).map((member) => (
					<div key={member} class="field" data-field={member}>
						<label class="field-label" for={member}>
							{members[member]}
						</label>
						<input
							id={member}
							type="password"
							autocomplete={member === 'currentPassword' ? 'current-password' : 'new-password'}
							value={values[member]}
							aria-invalid={!!faults[member]}
							aria-describedby={faults[member] ? member + '-fault' : undefined}
							onInput={(event) => setValues({ ...values, [member]: event.currentTarget.value })}
						/>
						{faults[member] && (
							<div class="field-fault" id={member + '-fault'} role="alert">
								<Icon name="warn" />
								<span>{faults[member]}</span>
							</div>
						)}
					</div>
				))}
				<div class="actions">
					<Button kind="primary" type="submit" run={change} disabled={!values.currentPassword || !values.newPassword}>
						Change password
					</Button>
				</div>
			</form>
		</Card>
	);
}

export default function Account() {
	const who = me.value;
	return (
		<>
			<PageHead title="My account" />
			<Card title={who?.user?.name ?? who?.token?.name ?? 'API token'}>
				<Facts
					rows={[
						['Email', who?.user?.email],
						['Role', who?.role],
						['Customer', who?.customer?.name],
						['May act for others', who?.platform ? 'yes' : 'no'],
						['Signed in until', who?.expiresAt ? <Time at={who.expiresAt} as="full" /> : null],
					]}
				/>
			</Card>
			{who?.user && <Password />}
		</>
	);
}
