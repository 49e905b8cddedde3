// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { nounOf } from '../api/schema';
import { Form } from '../form/form';
import { navigate } from '../router';
import { ButtonLink } from '../ui/button';
import { Icon } from '../ui/icons';
import { Card, Copyable, PageHead } from '../ui/parts';

export default function NewToken() {
	const [token, setToken] = useState<string | null>(null);
	return (
		<>
			<PageHead title="New API token" crumbs={[['/apitokens', 'API tokens']]} about="For a program, or for a Regional Gateway. It may do what its scope and role say, and no more than you may." />
			{token ? (
				<Card title="The token, shown this once">
					<div class="notice warn">
						<Icon name="warn" />
						<div>
							<p>Copy it now: it is not kept, and cannot be shown again.</p>
							<Copyable text={token} />
						</div>
					</div>
					<ButtonLink to="/apitokens">I have it</ButtonLink>
				</Card>
			) : (
				<Card>
					<Form noun={nounOf('api-token')} saved={(_, answer) => setToken((answer as unknown as { token: string }).token)} cancel={() => void navigate('/apitokens')} />
				</Card>
			)}
		</>
	);
}
