// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { signIn, useToken, wasSignedIn } from '../api/session';
import { Faults } from '../ui/faults';

export function SignIn() {
	const [byToken, setByToken] = useState(false);
	const [email, setEmail] = useState('');
	const [password, setPassword] = useState('');
	const [token, setToken] = useState('');
	const [error, setError] = useState<unknown>(null);
	const [busy, setBusy] = useState(false);
	const submit = async (event: Event) => {
		event.preventDefault();
		setBusy(true);
		setError(null);
		try {
			await (byToken ? useToken(token.trim()) : signIn(email.trim(), password));
		} catch (failed) {
			setError(failed);
			setBusy(false);
		}
	};
	return (
		<main class="sign-in">
			<form class="card" onSubmit={submit}>
				<h1>
					<svg viewBox="0 0 32 32" aria-hidden="true">
						<rect width="32" height="32" rx="8" />
						<path d="M7 11h18M7 16h12M7 21h18" />
					</svg>
					Slicegate
				</h1>
				<p class="about">{wasSignedIn.value ? 'Your session has ended. Sign in to go on where you were.' : 'Sign in to your connectivity.'}</p>
				<Faults error={error} />
				{byToken ? (
					<div class="field">
						<label class="field-label" for="token">
							API token
						</label>
						<input id="token" type="password" class="code-input" value={token} onInput={(event) => setToken(event.currentTarget.value)} autocomplete="off" required />
						<p class="field-help">32 characters of 0–9 and a–f. It is kept until this tab is closed.</p>
					</div>
				) : (
					<>
						<div class="field">
							<label class="field-label" for="email">
								Email
							</label>
							<input id="email" type="email" value={email} onInput={(event) => setEmail(event.currentTarget.value)} autocomplete="username" required />
						</div>
						<div class="field">
							<label class="field-label" for="password">
								Password
							</label>
							<input id="password" type="password" value={password} onInput={(event) => setPassword(event.currentTarget.value)} autocomplete="current-password" required />
						</div>
					</>
				)}
				<button type="submit" class="button primary" disabled={busy} aria-busy={busy || undefined}>
					Sign in
				</button>
				<button type="button" class="button quiet" onClick={() => (setByToken(!byToken), setError(null))}>
					{byToken ? 'Use email and password' : 'Use an API token'}
				</button>
			</form>
		</main>
	);
}
