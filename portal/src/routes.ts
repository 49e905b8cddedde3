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
	fixed?: Params; // for a page that serves several rows
}

// The views of a noun that needs nothing of its own but a list: new, and one.
const plain = (noun: string, path: string, title: string): Route[] => [
	{ path: `${path}/new`, title: `New ${title}`, page: () => import('./pages/plain-new'), fixed: { noun } },
	{ path: `${path}/:id`, title, page: () => import('./pages/plain'), fixed: { noun } },
];

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
	{ path: '/captures', title: 'Captures', page: () => import('./pages/captures'), menu: { section: 'Network', icon: 'capture' }, noun: 'capture' },
	{ path: '/regionalgateways', title: 'Regional Gateways', page: () => import('./pages/gateways'), menu: { section: 'Network', icon: 'gateway' } },
	{ path: '/regionalgateways/new', title: 'New Regional Gateway', page: () => import('./pages/plain-new'), fixed: { noun: 'regional-gateway' } },
	{ path: '/regionalgateways/:id', title: 'Regional Gateway', page: () => import('./pages/gateway') },

	{ path: '/events', title: 'Events', page: () => import('./pages/events'), menu: { section: 'Events', icon: 'event' } },
	{ path: '/eventhandlers', title: 'Event Handlers', page: () => import('./pages/handlers'), menu: { section: 'Events', icon: 'handler' } },
	{ path: '/eventhandlers/new', title: 'New Event Handler', page: () => import('./pages/plain-new'), fixed: { noun: 'event-handler' } },
	{ path: '/eventhandlers/:id', title: 'Event Handler', page: () => import('./pages/handler') },
	{ path: '/eventmaps', title: 'Event Maps', page: () => import('./pages/maps'), menu: { section: 'Events', icon: 'map' } },
	...plain('event-map', '/eventmaps', 'Event Map'),

	{ path: '/operatorpolicies', title: 'Operator Policies', page: () => import('./pages/operator-policies'), menu: { section: 'Mobile networks', icon: 'operator' } },
	...plain('operator-policy', '/operatorpolicies', 'Operator Policy'),
	{ path: '/regionalpolicies', title: 'Regional Policies', page: () => import('./pages/regional-policies'), menu: { section: 'Mobile networks', icon: 'region' } },
	...plain('regional-policy', '/regionalpolicies', 'Regional Policy'),

	{ path: '/users', title: 'Users', page: () => import('./pages/users'), menu: { section: 'Access', icon: 'user' }, noun: 'user' },
	...plain('user', '/users', 'User'),
	{ path: '/apitokens', title: 'API tokens', page: () => import('./pages/tokens'), menu: { section: 'Access', icon: 'key' }, noun: 'api-token' },
	{ path: '/apitokens/new', title: 'New API token', page: () => import('./pages/token-new') },
	{ path: '/apitokens/:id', title: 'API token', page: () => import('./pages/plain'), fixed: { noun: 'api-token' } },
	{ path: '/customers', title: 'Customers', page: () => import('./pages/customers'), menu: { section: 'Access', icon: 'customer' }, noun: 'customer' },
	...plain('customer', '/customers', 'Customer'),
	{ path: '/auditlog', title: 'Audit log', page: () => import('./pages/audit'), menu: { section: 'Access', icon: 'audit' }, noun: 'audit-entry' },
	{ path: '/account', title: 'My account', page: () => import('./pages/account'), menu: { section: 'Access', icon: 'user' } },
	{ path: '/api', title: 'API reference', page: () => import('./pages/api-reference'), menu: { section: 'Access', icon: 'book' } },
];

export const notFound: Route = { path: '*', title: 'Not found', page: () => import('./pages/not-found') };
