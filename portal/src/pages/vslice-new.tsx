// SPDX-License-Identifier: Apache-2.0
import { nounOf } from '../api/schema';
import { NewPage } from './kit';

// What is set up once it exists. The tabs stand here already, so that one sees what will come.
const later = ['l2tpAccessConcentrators', 'l2tpNetworkServers', 'advancedSettings'];

function LaterTabs() {
	const labels = nounOf('vslice').fields.filter((field) => later.includes(field.name));
	return (
		<div class="tabs" role="group" aria-label="Tabs of an L2TP VSlice">
			<span class="tab" aria-current="page">
				Details
			</span>
			{labels.map((field) => (
				<span key={field.name} class="tab later" title="Fills after the first save">
					{field.label} <small>after the first save</small>
				</span>
			))}
		</div>
	);
}

export default function NewVSlice() {
	return (
		<NewPage
			noun="vslice"
			only={(field) => !later.includes(field.name)}
			after={(id) => `/vslices/${id}/setup`}
			about="The type is chosen here, once. An L2TP VSlice is created with its Default Routing Policy left blank; you come back to set it when the policy exists, and the set-up page that follows leads you there."
			top={(values) => values.vsliceType === 'l2tp' && <LaterTabs />}
		/>
	);
}
