// SPDX-License-Identifier: Apache-2.0
import { NewPage } from './kit';

export default function PlainNew({ params }: { params: Record<string, string> }) {
	return <NewPage key={params.noun} noun={params.noun!} />;
}
