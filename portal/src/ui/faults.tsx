// SPDX-License-Identifier: Apache-2.0
import { ApiError, messagesOf } from '../api/client';
import { Button } from './button';
import { Icon } from './icons';

// What went wrong, all of it, in the API's own words.
export function Faults({ error, retry }: { error: unknown; retry?: () => Promise<unknown> }) {
	if (!error) return null;
	return (
		<div class="notice bad" role="alert">
			<Icon name="warn" />
			<div>
				{messagesOf(error).map((message) => (
					<p key={message}>{message}</p>
				))}
				{retry && (
					<Button small icon="refresh" run={retry}>
						Try again
					</Button>
				)}
			</div>
		</div>
	);
}

export const isNotFound = (error: unknown) => error instanceof ApiError && error.status === 404;
