// SPDX-License-Identifier: Apache-2.0
import { Loading } from '../ui/parts';
import { useVSlicePreset } from './group-new';
import { NewPage } from './kit';

export default function NewTarget() {
	const { isReady, preset } = useVSlicePreset('vSlice');
	return isReady ? <NewPage noun="routing-target" preset={preset} /> : <Loading />;
}
