// SPDX-License-Identifier: Apache-2.0
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Thing } from '../api/types';
import type { FaultMap } from './faults';

export interface FormContext {
	id: string; // of the form, so that two on one page do not share ids
	isNew: boolean;
	disabled: boolean;
	faults: FaultMap;
	noun: string;
	self: Thing | null;
	// A member was left: what can be said about it is said now.
	onLeave: (path: string) => void;
}

export const Context = createContext<FormContext | null>(null);

export function useForm(): FormContext {
	const form = useContext(Context);
	if (!form) throw new Error('A field stands outside a form');
	return form;
}
