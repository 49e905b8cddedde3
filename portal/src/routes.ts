// SPDX-License-Identifier: Apache-2.0
// The map of the portal. One row a view: its path, its page (loaded when it is first asked for), its name in the title bar, and, where it stands
// in the menu, its section and drawing. `noun` hides it from those whose controller or role does not know the noun.
import type { ComponentType } from 'preact';
import type { IconName } from './ui/icons';

export type Params = Record<string, string>;
export type Page = ComponentType<{ params: Params }>;

export interface Route {
	path: string;
	title: string;
	page: () => Promise<{ default: Page }>;
	menu?: { section: string; icon: IconName; label?: string };
	noun?: string;
}

export const routes: Route[] = [
	{ path: '/', title: 'Dashboard', page: () => import('./pages/dashboard'), menu: { section: '', icon: 'dashboard' } },

	{ path: '/endpoints', title: 'Endpoints', page: () => import('./pages/endpoints'), menu: { section: 'Inventory', icon: 'endpoint' } },
	{ path: '/endpoints/new', title: 'New Endpoint', page: () => import('./pages/endpoint-new') },
	{ path: '/endpoints/import', title: 'Import Endpoints', page: () => import('./pages/endpoint-import') },
	{ path: '/endpoints/:id/:tab?', title: 'Endpoint', page: () => import('./pages/endpoint') },
	{ path: '/endpointgroups', title: 'Endpoint Groups', page: () => import('./pages/groups'), menu: { section: 'Inventory', icon: 'group' } },
	{ path: '/endpointgroups/new', title: 'New Endpoint Group', page: () => import('./pages/group-new') },
	{ path: '/endpointgroups/:id', title: 'Endpoint Group', page: () => import('./pages/group') },

	{ path: '/vslices', title: 'VSlices', page: () => import('./pages/vslices'), menu: { section: 'Network', icon: 'vslice' } },
	{ path: '/vslices/new', title: 'New VSlice', page: () => import('./pages/vslice-new') },
	{ path: '/vslices/:id/:tab?', title: 'VSlice', page: () => import('./pages/vslice') },
	{ path: '/routingtargets', title: 'Routing Targets', page: () => import('./pages/targets'), menu: { section: 'Network', icon: 'target' } },
	{ path: '/routingtargets/new', title: 'New Routing Target', page: () => import('./pages/target-new') },
	{ path: '/routingtargets/:id', title: 'Routing Target', page: () => import('./pages/target') },
	{ path: '/routingpolicies', title: 'Routing Policies', page: () => import('./pages/policies'), menu: { section: 'Network', icon: 'policy' } },
	{ path: '/routingpolicies/new', title: 'New Routing Policy', page: () => import('./pages/policy-new') },
	{ path: '/routingpolicies/:id/:tab?', title: 'Routing Policy', page: () => import('./pages/policy') },
	{ path: '/tunnels', title: 'Tunnels', page: () => import('./pages/tunnels'), menu: { section: 'Network', icon: 'tunnel' } },
	{ path: '/sessions', title: 'Sessions', page: () => import('./pages/sessions'), menu: { section: 'Network', icon: 'session' } },
];

export const notFound: Route = { path: '*', title: 'Not found', page: () => import('./pages/not-found') };
