#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// What a VSlice takes by its type, row by row in a browser, and the manners of forms: what is wrong stands beside its field, nothing typed is lost.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Controller, control, faultOf, field, iccid, labels, noComplaints, openBrowser, openPage, signInByToken, until } from './harness.mjs';

const controller = new Controller();
let browser, page;

before(async () => {
	await controller.start();
	browser = await openBrowser();
	page = await openPage(browser);
	await signInByToken(page, controller);
});
after(async () => {
	await browser?.close();
	await controller.close();
});

const at = async (path) => {
	await page.goto(controller.url + path);
	await page.locator('main h1').waitFor();
};
const choose = (path, name) => field(page, path).getByLabel(name, { exact: false }).first().check();
const has = async (...names) => {
	const shown = await labels(page);
	for (const name of names) assert.ok(shown.includes(name), `${name} is not in ${shown}`);
};
const hasNot = async (...names) => {
	const shown = await labels(page);
	for (const name of names) assert.ok(!shown.includes(name), `${name} is in ${shown}`);
};
const save = (name = 'Save') => page.getByRole('button', { name, exact: true }).click();

test('the two types: Integrated asks for Subnet and DNS, L2TP hides them and fixes the allocation to PPP', async () => {
	await at('/vslices/new');
	await choose('vsliceType', 'Integrated');
	await has('Subnet', 'DNS Mode', 'IP Allocation Type');
	await hasNot('Default Routing Policy', 'Regional Gateway', 'DNS Servers');
	assert.ok(!(await control(page, 'ipAllocationType').isDisabled()));
	assert.ok(!(await control(page, 'ipAllocationType').innerText()).includes('PPP'));
	await control(page, 'dnsMode').selectOption('custom');
	await has('DNS Servers');

	await choose('vsliceType', 'L2TP');
	await hasNot('Subnet', 'Subnets', 'DNS Mode', 'DNS Servers');
	await has('Default Routing Policy', 'Regional Gateway', 'IP Allocation Type');
	assert.ok(await control(page, 'ipAllocationType').isDisabled());
	assert.match(await control(page, 'ipAllocationType').locator('option:checked').innerText(), /^PPP/);
	noComplaints(page);
});

test('an L2TP VSlice is saved with its Default Routing Policy left blank; then its tabs fill, and its type cannot be changed', async () => {
	await at('/vslices/new');
	await choose('vsliceType', 'L2TP');
	for (const tab of ['L2TP Access Concentrator(s)', 'L2TP Network Server(s)']) await page.getByRole('group', { name: 'Tabs of an L2TP VSlice' }).getByText(tab).waitFor();
	assert.ok(await control(page, 'defaultRoutingPolicy').isDisabled());
	await control(page, 'name').fill('Vantiq Diagnostics L2TP');
	await save('Create VSlice');
	await faultOf(page, 'regionalGateway').getByText('missing').waitFor();
	assert.equal(await control(page, 'name').inputValue(), 'Vantiq Diagnostics L2TP');
	await control(page, 'regionalGateway').selectOption({ label: 'Europe' });
	await save('Create VSlice');
	await page.waitForURL(/\/setup$/);

	await page.getByRole('link', { name: 'Details', exact: true }).click();
	await field(page, 'vsliceType').getByText('cannot be changed later').waitFor();
	for (const radio of await field(page, 'vsliceType').getByRole('radio').all()) assert.ok(await radio.isDisabled());
	await page.getByRole('link', { name: 'L2TP Access Concentrator(s)' }).click();
	await page.getByRole('button', { name: 'Add L2TP Access Concentrator' }).waitFor();
	await page.getByRole('link', { name: 'L2TP Network Server(s)' }).click();
	await page.getByRole('button', { name: 'Add L2TP Network Server' }).waitFor();
	noComplaints(page);
});

test('one to five LNSs, whose order is changed by dragging, by the keyboard and by buttons', async () => {
	const vslice = await controller.l2tp('Five');
	await at(`/vslices/${vslice.id}/lnss`);
	const add = page.getByRole('button', { name: 'Add L2TP Network Server' });
	for (let i = 0; i < 5; i++) {
		await add.click();
		await control(page, `l2tpNetworkServers[${i}].address`).fill(`10.0.0.${i + 1}`);
	}
	assert.ok(await add.isDisabled());
	await save();
	const order = async () => (await controller.api('GET', 'vslices/' + vslice.id)).l2tpNetworkServers.map((lns) => lns.address.split('.').pop()).join('');
	await until('five are stored', async () => (await order()) === '12345');

	const grip = (n) => page.getByRole('button', { name: `Move L2TP Network Server ${n}: use the arrow keys, or drag` });
	await grip(5).focus();
	await page.keyboard.press('ArrowUp');
	await page.keyboard.press('ArrowUp');
	await page.getByText('L2TP Network Server 4 is now number 3 of 5').waitFor({ state: 'attached' });
	await save();
	await until('the keyboard moved the last one up', async () => (await order()) === '12534');

	await page.getByRole('button', { name: 'Move L2TP Network Server 1 down' }).click();
	await save();
	await until('a button moved the first one down', async () => (await order()) === '21534');

	await grip(1).scrollIntoViewIfNeeded();
	const from = await grip(1).boundingBox();
	await page.mouse.move(from.x + 8, from.y + 8);
	await page.mouse.down();
	const to = await page.locator('.row').nth(1).boundingBox();
	await page.mouse.move(from.x + 8, to.y + to.height - 10, { steps: 12 });
	await page.mouse.up();
	await save();
	await until('dragging moved the first one down', async () => (await order()) === '12534');
	noComplaints(page);
});

test('the Endpoint Group: by its VSlice it shows the LAC, or Routing Policy and Regional Gateway', async () => {
	const l2tp = await controller.l2tp('Tunnelled', { l2tpAccessConcentrators: [{ name: 'LAC one', address: '10.64.0.1', tunnelSecret: 'a-secret' }] });
	await controller.api('POST', 'vslices', { name: 'Plain', subnetAddress: '100.64.0.0/16' });
	await at('/endpointgroups/new');
	await hasNot('L2TP Access Concentrator', 'Routing Policy');
	await control(page, 'vslice').selectOption({ label: 'Plain' });
	await field(page, 'routingPolicy').waitFor();
	await has('Routing Policy', 'Regional Gateway', 'IP Allocation Type');
	await hasNot('L2TP Access Concentrator');
	await control(page, 'vslice').selectOption({ label: 'Tunnelled' });
	await field(page, 'l2tpAccessConcentrator').waitFor();
	await hasNot('Routing Policy', 'Regional Gateway');
	assert.match(await control(page, 'ipAllocationType').locator('option:checked').innerText(), /^PPP/);
	await control(page, 'name').fill('Cars');
	await control(page, 'l2tpAccessConcentrator').selectOption({ label: 'LAC one (10.64.0.1)' });
	await save('Create Endpoint Group');
	await page.getByRole('heading', { name: 'Cars' }).waitFor();
	const group = (await controller.api('GET', 'endpointgroups?filter=name:Cars'))[0];
	assert.equal(group.vslice.id, l2tp.id);
	assert.equal(group.l2tpAccessConcentrator.name, 'LAC one');
	noComplaints(page);
});

test('each fault of the API stands at its field, in words, and what was typed stays', async () => {
	const vslice = await controller.l2tp('Faulty');
	await at(`/vslices/${vslice.id}/lacs`);
	await page.getByRole('button', { name: 'Add L2TP Access Concentrator' }).click();
	// Told at once, beside the field that was left.
	await control(page, 'l2tpAccessConcentrators[0].address').fill('10.64.0.300');
	await control(page, 'l2tpAccessConcentrators[0].port').fill('70000');
	await control(page, 'l2tpAccessConcentrators[0].name').focus();
	await faultOf(page, 'l2tpAccessConcentrators[0].address').getByText('10.64.0.300').waitFor();
	await faultOf(page, 'l2tpAccessConcentrators[0].port').getByText('70000').waitFor();
	// Only the API knows this one: two rows that cannot be told apart.
	await control(page, 'l2tpAccessConcentrators[0].address').fill('10.64.0.1');
	await control(page, 'l2tpAccessConcentrators[0].port').fill('1701');
	await control(page, 'l2tpAccessConcentrators[0].moniker').fill('same');
	await page.getByRole('button', { name: 'Add L2TP Access Concentrator' }).click();
	await control(page, 'l2tpAccessConcentrators[1].address').fill('224.0.0.1');
	await control(page, 'l2tpAccessConcentrators[1].moniker').fill('same');
	await save();
	await page.getByText('Not saved.').waitFor();
	await faultOf(page, 'l2tpAccessConcentrators[1].address').waitFor();
	assert.equal(await control(page, 'l2tpAccessConcentrators[1].address').inputValue(), '224.0.0.1');
	assert.equal(await control(page, 'l2tpAccessConcentrators[1].address').getAttribute('aria-invalid'), 'true');
	await page.locator('.fault-summary a').first().click();
	await until('the summary leads to the field', async () => (await page.evaluate(() => document.activeElement?.tagName)) === 'INPUT');
	await control(page, 'l2tpAccessConcentrators[1].address').fill('10.64.0.2');
	await save();
	await faultOf(page, 'l2tpAccessConcentrators').getByText('same moniker').waitFor();
	await control(page, 'l2tpAccessConcentrators[1].moniker').fill('other');
	await save();
	await until('both are stored', async () => (await controller.api('GET', 'vslices/' + vslice.id)).l2tpAccessConcentrators?.length === 2);
	noComplaints(page);
});

test('a secret is written, kept, changed and taken away, and never shown', async () => {
	const vslice = await controller.l2tp('Secretive', { l2tpAccessConcentrators: [{ address: '10.64.0.1', tunnelSecret: 'the-first-secret' }] });
	const set = async () => (await controller.api('GET', 'vslices/' + vslice.id)).l2tpAccessConcentrators[0].tunnelSecretSet;
	await at(`/vslices/${vslice.id}/lacs`);
	const secret = control(page, 'l2tpAccessConcentrators[0].tunnelSecret');
	assert.equal(await secret.getAttribute('placeholder'), 'set; leave empty to keep it');
	assert.equal(await secret.inputValue(), '');
	await control(page, 'l2tpAccessConcentrators[0].name').fill('Named');
	await save();
	await page.getByText('VSlice saved').first().waitFor();
	assert.equal(await set(), true);
	await field(page, 'l2tpAccessConcentrators[0].tunnelSecret').getByRole('button', { name: 'Remove' }).click();
	await save();
	await until('the secret is gone', async () => (await set()) === false);
	assert.ok(!(await page.content()).includes('the-first-secret'));
	noComplaints(page);
});

test('a lost update shows both versions, and a person chooses', async () => {
	const vslice = await controller.l2tp('Contested');
	await at('/vslices/' + vslice.id);
	await control(page, 'name').fill('Mine');
	await controller.api('PATCH', 'vslices/' + vslice.id, { name: 'Theirs' });
	await save();
	const conflict = page.getByRole('alert', { name: 'Changed by somebody else' });
	await conflict.getByText('Theirs', { exact: true }).waitFor();
	await conflict.getByText('Mine', { exact: true }).waitFor();
	assert.equal((await controller.api('GET', 'vslices/' + vslice.id)).name, 'Theirs');
	await conflict.getByRole('button', { name: 'Save my changes over theirs' }).click();
	await until('mine is stored', async () => (await controller.api('GET', 'vslices/' + vslice.id)).name === 'Mine');
	await conflict.waitFor({ state: 'detached' });
	noComplaints(page);
});

test('a form with unsaved input is not left without a question', async () => {
	const vslice = await controller.l2tp('Guarded');
	await at('/vslices/' + vslice.id);
	await control(page, 'name').fill('Not saved yet');
	await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Endpoints' }).click();
	const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
	await dialog.getByRole('button', { name: 'Cancel' }).click();
	assert.equal(await control(page, 'name').inputValue(), 'Not saved yet');
	await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Endpoints' }).click();
	await dialog.getByRole('button', { name: 'Leave' }).click();
	await page.getByRole('heading', { name: 'Endpoints', level: 1 }).waitFor();
	noComplaints(page);
});

test('each type of Routing Target has a form of its own, and keeps its type', async () => {
	await controller.l2tp('Targeted');
	await at('/routingtargets/new');
	const configs = { peering: 'Interface', wireguard: 'Remote public key', vpn: 'Preshared key' };
	for (const [type, label] of Object.entries(configs)) {
		await field(page, 'routingTargetType').locator(`input[value=${type}]`).check();
		await has(label);
		await hasNot(...Object.values(configs).filter((other) => other !== label));
	}
	await field(page, 'routingTargetType').locator('input[value=peering]').check();
	await control(page, 'name').fill('Data centre');
	await control(page, 'vSlice').selectOption({ label: 'Targeted' });
	await save('Create Routing Target');
	await page.getByText('Not saved.').waitFor();
	await control(page, 'configurationData.peeringConfig.interface').fill('dc0');
	await control(page, 'configurationData.peeringConfig.localAddress').fill('192.0.2.1/30');
	await save('Create Routing Target');
	await page.getByRole('heading', { name: /^Data centre/ }).waitFor();
	const target = (await controller.api('GET', 'routingtargets?filter=name:Data'))[0];
	assert.equal(target.configurationData.peeringConfig.interface, 'dc0');
	assert.ok(!target.configurationData.peeringConfig.bgp?.localAs);
	await field(page, 'routingTargetType').getByText('cannot be changed later').waitFor();
	noComplaints(page);
});

test('what is read without an id is known by its moniker: the subscriptions of an Event Map', async () => {
	const handler = await controller.api('POST', 'eventhandlers', { name: 'Told', configurationData: { webhookConfig: { url: 'https://192.0.2.9/hook' } } });
	const map = await controller.api('POST', 'eventmaps', { name: 'Map', subscriptions: [{ eventEndpointId: handler, eventTypeId: 'l2tptunnelup_v1' }] });
	await at('/eventmaps/' + map);
	const chosen = (member) => control(page, `subscriptions[0].${member}`).locator('option:checked').innerText();
	await until('the type is chosen', async () => (await chosen('eventType')) === 'L2TP tunnel up');
	assert.equal(await chosen('eventEndpoint'), 'Told');
	await control(page, 'name').fill('Another map');
	await save();
	await until('it is saved', async () => (await controller.api('GET', 'eventmaps/' + map)).name === 'Another map');
	assert.equal((await controller.api('GET', 'eventmaps/' + map)).subscriptions.length, 1);
	noComplaints(page);
});

test('the guided set-up leads from the VSlice to what is still missing', async () => {
	const vslice = await controller.l2tp('Guided');
	await at(`/vslices/${vslice.id}/setup`);
	const next = page.locator('.setup-step.next');
	const step = async (title, button) => {
		await next.getByRole('heading', { name: title }).waitFor();
		if (button) await next.getByRole('button', { name: button, exact: true }).click();
	};
	await next.getByRole('heading', { name: 'A Routing Target' }).waitFor();
	await field(page, 'routingTargetType').locator('input[value=peering]').check();
	await control(page, 'configurationData.peeringConfig.interface').fill('dc1');
	await control(page, 'configurationData.peeringConfig.localAddress').fill('192.0.2.1/30');
	await step('A Routing Target', 'Create Routing Target');
	await next.getByRole('heading', { name: 'A Routing Policy' }).waitFor();
	assert.equal(await control(page, 'routingPolicyRules[0].routingTarget').locator('option:checked').innerText(), 'Guided target');
	await step('A Routing Policy', 'Create Routing Policy');
	await step('Back to the VSlice: its Default Routing Policy', 'Set it on the VSlice');
	await next.getByRole('heading', { name: 'A LAC' }).waitFor();
	await control(page, 'address').fill('10.64.0.1');
	await control(page, 'tunnelSecret').fill('shared-with-the-lns');
	await step('A LAC', 'Add LAC');
	await next.getByRole('heading', { name: 'An LNS' }).waitFor();
	await control(page, 'address').fill('10.65.0.1');
	await step('An LNS', 'Add LNS');
	await step('An Endpoint Group', 'Create Endpoint Group');
	await next.getByRole('heading', { name: 'Endpoints' }).waitFor();
	await control(page, 'iccid').fill(iccid(1));
	await field(page, 'imsis').locator('input').fill('999700000000001');
	await step('Endpoints', 'Create Endpoint');
	// No gateway runs here, and that is what it says.
	await page.getByRole('heading', { name: 'Everything is declared. This is still missing:' }).waitFor();
	await page.getByText(/Regional Gateway europe is not connected/).first().waitFor();
	const read = await controller.api('GET', 'vslices/' + vslice.id);
	assert.equal(read.defaultRoutingPolicy.name, 'Guided policy');
	noComplaints(page);
});
