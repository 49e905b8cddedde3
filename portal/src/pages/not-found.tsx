// SPDX-License-Identifier: Apache-2.0
import { ButtonLink } from '../ui/button';
import { Empty } from '../ui/parts';

export default function NotFound() {
	return (
		<Empty icon="search" title="There is no such page" action={<ButtonLink to="/">To the dashboard</ButtonLink>}>
			<p>The address may be mistyped.</p>
		</Empty>
	);
}
