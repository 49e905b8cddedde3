#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The pages around the network: events and who is told of them, policies of mobile networks, access, the audit log, captures, the API reference; and what
// a viewer is offered there.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { Controller, control, field, iccid, noComplaints, openBrowser, openPage, signIn, signInByToken, until } from './harness.mjs';

const controller = new Controller('--webhook-give-up', '1', '--webhook-retry-max', '1');
const taken = []; // what the receiver was told
let browser, endpoint, group, receiver, hook, status = 200;

before(async () => {
	await controller.start();
	receiver = createServer((request, reply) => {
		let body = '';
		request.on('data', (part) => (body += part));
		request.on('end', () => {
			if (status === 200) taken.push(JSON.parse(body));
			reply.writeHead(status).end();
		});
	});
	await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
	hook = `http://127.0.0.1:${receiver.address().port}/hook`;
	const vslice = await controller.l2tp('Slice', { l2tpAccessConcentrators: [{ address: '10.64.0.1', tunnelSecret: 'never-to-be-seen-again' }], l2tpNetworkServers: [{ address: '10.65.0.1' }] });
	group = await controller.api('POST', 'endpointgroups', { name: 'Group', vslice: vslice.id, l2tpAccessConcentrator: vslice.l2tpAccessConcentrators[0].id });
	endpoint = await controller.api('POST', 'endpoints', { name: 'Car', iccid: iccid(1), imsis: ['999700000000001'], endpointGroup: group });
	browser = await openBrowser();
});
after(async () => {
	await browser?.close();
	receiver?.close();
	receiver?.closeAllConnections();
	await controller.close();
});

const enter = async (path) => {
	const page = await openPage(browser);
	await signInByToken(page, controller, path);
	await page.locator('main h1').waitFor();
	return page;
};
const button = (page, name) => page.getByRole('button', { name, exact: true });
// A word of a list, drawn as buttons or as a menu.
async function choose(page, path, word) {
	const radio = field(page, path).locator(`input[value=${word}]`);
	await control(page, path).waitFor();
	return (await radio.count()) ? radio.check() : control(page, path).selectOption(word);
}
const menu = (page, name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
const become = (endpointStatus) => controller.api('PATCH', 'endpoints/' + endpoint, { endpointStatus });

test('an Event Handler is made, tested and told; what its receiver does not take is kept with the reason, and goes out again', async () => {
	const page = await enter('/eventhandlers/new');
	await control(page, 'name').fill('Operations');
	await control(page, 'configurationData.webhookConfig.url').fill(hook);
	await control(page, 'configurationData.webhookConfig.signingSecret').fill('signed-with-this-one');
	await button(page, 'Create Event Handler').click();
	await button(page, 'Send a test').click();
	await page.getByText(/^The receiver answered 200 after \d+ ms$/).waitFor();
	status = 503;
	await button(page, 'Send a test').click();
	await page.getByText(/The receiver answered 503 .*accepted: any status from 200 to 299/).waitFor();

	await menu(page, 'Event Maps');
	await page.getByRole('link', { name: 'New Event Map' }).first().click();
	await control(page, 'name').fill('To operations');
	await button(page, 'Add Subscription').click();
	await control(page, 'subscriptions[0].eventEndpoint').selectOption({ label: 'Operations' });
	await control(page, 'subscriptions[0].eventType').selectOption({ label: 'Endpoint status set to suspended' });
	await button(page, 'Create Event Map').click();
	await page.getByRole('heading', { level: 1, name: 'To operations' }).waitFor();
	assert.equal(await control(page, 'subscriptions[0].eventType').locator('option:checked').innerText(), 'Endpoint status set to suspended');

	await become('suspended');
	await menu(page, 'Event Handlers');
	await page.getByRole('link', { name: 'Operations' }).click();
	await page.locator('.plain-list li', { hasText: 'Endpoint status set to suspended' }).getByText(/503|in time/).waitFor();
	status = 200;
	taken.length = 0;
	await button(page, 'Tell it the 1 again').click();
	await until('the receiver is told', () => taken.some((told) => JSON.stringify(told).includes('setsuspended')));
	await until('nothing is given up', async () => (await page.locator('.plain-list li').count()) === 0);
	await page.getByLabel('All since').fill('2020-01-31T12:00');
	taken.length = 0;
	await button(page, 'Replay').click();
	await page.getByRole('dialog').getByRole('button', { name: 'Tell it again' }).click();
	await until('it is told of all again', () => taken.length >= 1);
	await become('active');
	assert.doesNotMatch(await page.locator('body').innerText(), /signed-with-this-one/);
	noComplaints(page);
});

test('events come by themselves, hold still when told to, and the search stands in the URL', async () => {
	const page = await enter('/events');
	await page.locator('.line.live').waitFor();
	const rows = page.locator('tbody tr');
	const are = (what, count) => until(what, async () => (await rows.count()) === count);
	const type = 'endpointprovisioningstatussetsuspended_v1';
	const before = (await controller.api('GET', 'events?filter=eventType:' + type)).length;
	await page.getByLabel('Type').selectOption(type);
	await become('suspended');
	await are('a row came by itself', before + 1);
	await button(page, 'Hold still').click();
	await become('active');
	await become('suspended');
	await until('the API has it', async () => (await controller.api('GET', 'events?filter=eventType:' + type)).length === before + 2);
	assert.equal(await rows.count(), before + 1);
	await page.reload();
	await are('the filter is in the URL', before + 2);
	await become('active');
	await rows.first().getByRole('link', { name: 'Endpoint', exact: true }).click();
	await page.getByRole('heading', { level: 1, name: /Car/ }).waitFor();
	noComplaints(page);
});

test('an API token is shown once, and works', async () => {
	const page = await enter('/apitokens/new');
	await control(page, 'name').fill('For a script');
	await choose(page, 'scope', 'read-only');
	await button(page, 'Create API token').click();
	const token = await page.locator('.notice.warn code').innerText();
	assert.equal((await fetch(`${controller.url}/api/v1/vslices`, { headers: { Authorization: `Bearer ${token}` } })).status, 200);
	await page.getByRole('link', { name: 'I have it' }).click();
	await page.getByRole('link', { name: 'For a script' }).click();
	await page.getByRole('heading', { level: 1, name: 'For a script' }).waitFor();
	assert.ok(!(await page.content()).includes(token));
	await page.goBack();
	await page.goBack();
	await page.locator('main h1').waitFor();
	assert.ok(!(await page.content()).includes(token));
	noComplaints(page);
});

test('the audit log tells who changed what, before and after, and no secret', async () => {
	await controller.api('PATCH', 'vslices/slice', { name: 'Renamed' });
	await controller.api('PATCH', 'vslices/slice/lacs/' + (await controller.api('GET', 'vslices/slice')).l2tpAccessConcentrators[0].id, { port: 1702 });
	const page = await enter('/auditlog');
	await page.getByLabel('Action').selectOption('change');
	await page.getByLabel('Kind').selectOption({ label: 'VSlice' });
	const renamed = page.locator('tbody tr', { has: page.locator('summary', { hasText: /^name$/ }) });
	await renamed.locator('summary').click();
	assert.deepEqual([await renamed.locator('del').innerText(), await renamed.locator('ins').innerText()], ['Slice', 'Renamed']);
	assert.match(await renamed.innerText(), /Administrator/);
	await page.getByLabel('Kind').selectOption('');
	await page.locator('tbody tr', { hasText: 'port' }).first().waitFor();
	assert.doesNotMatch(await page.content(), /never-to-be-seen-again|signed-with-this-one/);
	noComplaints(page);
});

test('policies of mobile networks are made of entries', async () => {
	const page = await enter('/operatorpolicies/new');
	await control(page, 'name').fill('Germany only');
	await button(page, /^Add /).click();
	await control(page, 'entries[0].iso3').fill('XXX');
	await choose(page, 'entries[0].steeringProfileEntryAction', 'allow');
	await button(page, 'Create Operator Policy').click();
	await field(page, 'entries[0].iso3').locator('.field-fault').waitFor();
	await control(page, 'entries[0].iso3').fill('DEU');
	await button(page, 'Create Operator Policy').click();
	await field(page, 'entries').getByText(/^One entry must be the default/).waitFor();
	await button(page, /^Add /).click();
	await choose(page, 'entries[1].steeringProfileEntryAction', 'reject-soft');
	await button(page, 'Create Operator Policy').click();
	await page.getByRole('heading', { level: 1, name: 'Germany only' }).waitFor();
	const [policy] = (await controller.api('GET', 'operatorpolicies')).filter((one) => one.name === 'Germany only');
	assert.equal((await controller.api('GET', 'operatorpolicies/' + policy.id)).entries[0].iso3, 'DEU');
	noComplaints(page);
});

test('for another customer one acts visibly, on every page', async () => {
	const page = await enter('/customers/new');
	await control(page, 'name').fill('Second');
	await button(page, 'Create Customer').click();
	await page.getByRole('heading', { level: 1, name: 'Second' }).waitFor();
	await page.getByRole('combobox', { name: 'Customer' }).selectOption({ label: 'Second' });
	const banner = page.locator('.acting');
	for (const name of ['Dashboard', 'VSlices', 'Events', 'Audit log', 'API reference']) {
		await menu(page, name);
		await banner.getByText('second').waitFor();
	}
	await menu(page, 'Endpoints');
	await page.getByRole('heading', { name: 'No Endpoint yet' }).waitFor();
	await banner.getByRole('button', { name: 'Stop' }).click();
	await page.getByRole('link', { name: 'Car' }).waitFor();
	assert.equal(await banner.count(), 0);
	noComplaints(page);
});

test('a capture says in words why it cannot begin', async () => {
	const page = await enter('/endpoints/' + endpoint);
	await button(page, 'Capture').click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel(/^GTP/).waitFor();
	for (const level of await dialog.getByRole('checkbox').all()) await level.uncheck();
	await until('nothing can be begun', () => dialog.getByRole('button', { name: 'Start' }).isDisabled());
	await dialog.getByLabel(/^GTP/).check();
	await dialog.getByRole('button', { name: 'Start' }).click();
	await dialog.getByText('The Regional Gateway that serves it is not connected').waitFor();
	await page.keyboard.press('Escape');
	await menu(page, 'Captures');
	await page.getByRole('heading', { name: 'No capture' }).waitFor();
	noComplaints(page);
});

test('usage is drawn, and stands in a table for who does not see the drawing', async () => {
	const page = await enter('/');
	const plots = page.locator('figure.plot');
	await until('two plots', async () => (await plots.count()) === 2);
	for (const plot of await plots.all()) assert.equal(await plot.locator('table').count(), 1);
	await page.getByLabel('By').selectOption('day');
	await until('thirty days', async () => (await plots.nth(1).locator('svg g').count()) === 30);
	noComplaints(page);
});

test('the API reference has every operation', async () => {
	const page = await enter('/api');
	const { paths } = await (await fetch(controller.url + '/api/v1/openapi.json', { headers: { Authorization: `Bearer ${controller.token}` } })).json();
	const count = Object.values(paths).flatMap(Object.keys).filter((method) => ['get', 'post', 'put', 'patch', 'delete'].includes(method)).length;
	await until('all of them', async () => (await page.locator('.operation').count()) === count);
	await page.getByLabel('Search operations').fill('test-lns');
	await page.getByLabel('Search operations').fill('dial an lns');
	await until('one of them', async () => (await page.locator('.operation').count()) === 1);
	await page.locator('.operation summary').click();
	await page.getByText('Least role: operator').waitFor();
	noComplaints(page);
});

// Everybody may change their own, who knows the one before.
async function changePassword(page, { email, password }) {
	const wanted = password + '-and-newer';
	await menu(page, 'My account');
	await page.getByText(email).waitFor();
	const fill = async (current, next, again) => {
		for (const [label, text] of [['Current password', current], ['New password', next], ['New password, once more', again]]) await page.getByLabel(label, { exact: true }).fill(text);
		await button(page, 'Change password').click();
	};
	await fill(password, wanted, 'another-long-one');
	await field(page, 'again').getByText('Is not the same').waitFor();
	await fill('not-the-password', wanted, wanted);
	await field(page, 'currentPassword').getByText('Is wrong').waitFor();
	await fill(password, 'short', 'short');
	await field(page, 'newPassword').getByText('Is too short').waitFor();
	await fill(password, wanted, wanted);
	await page.getByText('Password changed').waitFor();
	const login = (tried) => controller.answer('POST', 'login', { email, password: tried });
	assert.equal((await login(password)).status, 401);
	assert.equal((await login(wanted)).status, 200);
	return page.evaluate(async () => (await (await fetch('/api/v1/me')).json()).data.csrfToken);
}

test('a viewer is offered nothing there that it may not do, and the API refuses it anyway', async () => {
	const handler = await controller.api('POST', 'eventhandlers', { name: 'Seen', configurationData: { webhookConfig: { url: hook } } });
	await controller.api('POST', 'eventmaps', { name: 'Seen', subscriptions: [{ eventEndpoint: handler, eventType: 'l2tptunneldown_v1' }] });
	await controller.api('POST', 'operatorpolicies', { name: 'Seen', entries: [{ steeringProfileEntryAction: 'allow' }] });
	const page = await enter('/users/new');
	const who = { email: 'vera@example.net', password: 'vera-has-a-long-one' };
	await control(page, 'name').fill('Vera');
	await control(page, 'email').fill(who.email);
	await control(page, 'password').fill(who.password);
	await choose(page, 'role', 'viewer');
	await button(page, 'Create User').click();
	await page.getByRole('heading', { level: 1, name: 'Vera' }).waitFor();
	await page.context().close();

	const hers = await openPage(browser);
	await signIn(hers, controller.url, who.email, who.password);
	const csrf = await changePassword(hers, who);
	const offered = await hers.getByRole('navigation', { name: 'Main' }).getByRole('link').allInnerTexts();
	for (const name of ['Users', 'API tokens', 'Customers', 'Audit log']) assert.ok(!offered.includes(name), name);
	const acts = /^(New |Create|Save|Delete|Add |Send|Tell|Replay|Capture|Start|Stop|Download|Detach|Suspend|Remove)/;
	const paths = ['/', '/captures', '/events', '/eventhandlers', '/eventhandlers/seen', '/eventmaps', '/eventmaps/seen', '/operatorpolicies', '/operatorpolicies/seen', '/regionalpolicies', '/regionalgateways', '/regionalgateways/europe', '/endpoints/' + endpoint, '/endpointgroups/' + group];
	for (const path of paths) {
		await hers.evaluate((to) => {
			history.pushState(null, '', to);
			dispatchEvent(new PopStateEvent('popstate'));
		}, path);
		await hers.locator('main h1').waitFor();
		await until(path + ' is loaded', async () => (await hers.locator('main .loading').count()) === 0);
		for (const action of await hers.locator('main').locator('button, a.button').all()) {
			const name = (await action.innerText()) || ((await action.getAttribute('aria-label')) ?? '');
			if (acts.test(name)) assert.ok(await action.isDisabled(), `${path}: ${name}`);
		}
	}
	for (const [method, path] of [['POST', 'eventhandlers/seen/test'], ['POST', 'eventhandlers/seen/replay'], ['POST', 'captures'], ['POST', 'apitokens'], ['POST', 'users'], ['GET', 'auditlog'], ['DELETE', 'operatorpolicies/seen'], ['POST', 'customers']]) {
		const answer = await hers.evaluate(async ([m, p, token]) => (await fetch('/api/v1/' + p, { method: m, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token }, ...(m === 'POST' ? { body: '{"name":"X"}' } : {}) })).status, [method, path, csrf]);
		assert.equal(answer, 403, `${method} ${path}`);
	}
	noComplaints(hers);
});
