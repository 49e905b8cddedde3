#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// limit: 180
// Every kind of page under axe-core, WCAG 2.2 A and AA, in light and dark; at a phone's width nothing is wider than the screen; and all of it
// can be reached by the keyboard.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Controller, iccid, noComplaints, openBrowser, openPage, ROOT, signInByToken, until } from './harness.mjs';

const axe = readFileSync(join(ROOT, 'portal/node_modules/axe-core/axe.min.js'), 'utf8');
const controller = new Controller();
const paths = [];
let browser;

before(async () => {
	await controller.start();
	const { id } = await controller.l2tp('Looked at', { l2tpAccessConcentrators: [{ address: '10.64.0.1' }], l2tpNetworkServers: [{ address: '10.65.0.1' }, { address: '10.65.0.2' }] });
	const target = await controller.api('POST', 'routingtargets', {
		name: 'Way',
		vslice: id,
		routingTargetType: 'peering',
		configurationData: { peeringConfig: { interface: 'dc0', localAddress: '192.0.2.1/30' } },
	});
	const policy = await controller.api('POST', 'routingpolicies', {
		name: 'Rules',
		vslice: id,
		routingPolicyRules: [
			{ description: 'all', ruleAction: 'forward', ruleDirection: 'uplink', routingTarget: target },
			{ description: 'none', ruleAction: 'drop', ruleDirection: 'downlink', enabled: false },
		],
	});
	const group = await controller.api('POST', 'endpointgroups', { name: 'Group', vslice: id, l2tpAccessConcentrator: (await controller.api('GET', 'vslices/' + id)).l2tpAccessConcentrators[0].id });
	const endpoint = await controller.api('POST', 'endpoints', { iccid: iccid(1), imsis: ['999700000000001'], endpointGroup: group, tags: ['blue'] });
	const of = (noun, object, ...tabs) => paths.push('/' + noun, `/${noun}/${object}`, ...tabs.map((tab) => `/${noun}/${object}/${tab}`));
	paths.push('/');
	of('vslices', id, 'setup', 'lacs', 'lnss', 'settings', 'readiness');
	of('routingtargets', target);
	of('routingpolicies', policy, 'edit', 'explain', 'details');
	of('endpointgroups', group);
	of('endpoints', endpoint, 'attaches', 'events', 'details');
	paths.push('/vslices/new', '/routingpolicies/new', '/endpoints/import', '/tunnels', '/sessions', '/captures', '/events', '/auditlog', '/nowhere');
	const handler = await controller.api('POST', 'eventhandlers', { name: 'Told', configurationData: { webhookConfig: { url: 'https://192.0.2.9/hook' } } });
	const map = await controller.api('POST', 'eventmaps', { name: 'Map', subscriptions: [{ eventEndpointId: handler, eventTypeId: 'endpointdatasessioncreated_v1' }] });
	const plain = (noun, object) => paths.push(`/${noun}/${object}`); // lists and forms as any other's
	of('eventhandlers', handler);
	plain('eventmaps', map);
	plain('operatorpolicies', await controller.api('POST', 'operatorpolicies', { name: 'Networks', entries: [{ steeringProfileEntryAction: 'allow' }] }));
	plain('regionalpolicies', await controller.api('POST', 'regionalpolicies', { name: 'Regions', entries: [{ regionalGatewayId: 'europe' }] }));
	of('regionalgateways', 'europe');
	plain('users', await controller.api('POST', 'users', { name: 'Vera', email: 'vera@example.net', password: 'vera-has-a-long-one', role: 'viewer' }));
	plain('apitokens', (await controller.api('GET', 'apitokens'))[0].id);
	plain('customers', await controller.api('POST', 'customers', { name: 'Another' }));
	browser = await openBrowser();
});
after(async () => {
	await browser?.close();
	await controller.close();
});

async function open(options) {
	const page = await openPage(browser, options);
	await signInByToken(page, controller);
	return page;
}

// Within the portal, as a person goes; the document is loaded once.
async function go(page, path) {
	await page.evaluate((to) => {
		history.pushState(null, '', to);
		dispatchEvent(new PopStateEvent('popstate'));
	}, path);
	await page.locator('main').locator('h1, .empty h2').first().waitFor();
	await until('it is loaded', async () => (await page.locator('main .loading').count()) === 0);
}

// Policy of content stands: axe is put in by the browser, not by the page.
const everything = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

async function faultsOf(page, runOnly = everything) {
	await page.evaluate(axe);
	const { violations } = await page.evaluate((rules) => axe.run(document, { runOnly: rules }), runOnly);
	return violations.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')}: ${node.failureSummary.split('\n')[1]?.trim()}`));
}

// The two themes differ in their colours alone, and the pages share those.
for (const [colorScheme, rules] of Object.entries({ light: everything, dark: ['color-contrast'] }))
	test(`axe finds nothing, ${colorScheme}`, async () => {
		const page = await open({ colorScheme });
		const faults = [];
		for (const path of paths.filter((_, i) => rules === everything || i % 4 === 0)) {
			await go(page, path);
			for (const fault of await faultsOf(page, rules)) faults.push(`${path}: ${fault}`);
		}
		assert.deepEqual(faults, []);
		noComplaints(page);
	});

test('at the sign-in, in a question, and among faults axe finds nothing either', async () => {
	const page = await openPage(browser);
	await page.goto(controller.url);
	await page.getByLabel('Email').waitFor();
	assert.deepEqual(await faultsOf(page), []);
	await signInByToken(page, controller, '/vslices/new');
	await page.getByRole('button', { name: 'Create VSlice' }).click();
	await page.locator('.fault-summary').waitFor();
	assert.deepEqual(await faultsOf(page), []);
	await go(page, paths.find((path) => /^\/endpoints\/[0-9a-f-]+$/.test(path)));
	await page.getByRole('button', { name: 'Delete' }).click();
	await page.getByRole('dialog').waitFor();
	assert.deepEqual(await faultsOf(page), []);
	await page.evaluate(() => document.querySelector('dialog h2').insertAdjacentHTML('afterend', '<button></button>'));
	assert.match((await faultsOf(page)).join(), /button-name/); // it would tell
	await page.keyboard.press('Escape');
	await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test("at a phone's width nothing is wider than the screen, and the menu opens", async () => {
	const page = await open({ viewport: { width: 360, height: 740 }, hasTouch: true });
	const wide = [];
	for (const path of paths) {
		await go(page, path);
		const width = await page.evaluate(() => document.documentElement.scrollWidth);
		if (width > 360) wide.push(`${path}: ${width}`);
	}
	assert.deepEqual(wide, []);
	await page.getByRole('button', { name: 'Menu' }).click();
	await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'VSlices' }).click();
	await page.getByRole('heading', { name: 'VSlices', level: 1 }).waitFor();
});

test('by the keyboard alone: skip to the page, walk to a link, open it', async () => {
	const page = await open({});
	await page.evaluate(() => document.activeElement?.blur());
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the page');
	await page.keyboard.press('Enter');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
	await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'VSlices' }).focus();
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: 'VSlices', level: 1 }).waitFor();
	for (let i = 0; i < 60; i++) {
		await page.keyboard.press('Tab');
		if ((await page.evaluate(() => document.activeElement.textContent)) === 'Looked at') break;
	}
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: /Looked at/ }).waitFor();
});
