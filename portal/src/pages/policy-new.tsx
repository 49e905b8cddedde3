// SPDX-License-Identifier: Apache-2.0
import { Loading } from '../ui/parts';
import { useVSlicePreset } from './group-new';
import { NewPage } from './kit';

const rule = { description: '', ruleAction: 'forward', ruleDirection: 'uplink', enabled: true };

export default function NewPolicy() {
	const { isReady, preset } = useVSlicePreset('vslice');
	if (!isReady) return <Loading />;
	return <NewPage noun="routing-policy" preset={{ ...preset, routingPolicyRules: [rule] }} only={(field) => field.name !== 'routingPolicyEdgeServices'} />;
}
