#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Who gets in, and what they see: sign-in, roles, the end of a session in the middle of a form, the line that is lost; and how the portal is served.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Controller, control, faultOf, iccid, noComplaints, openBrowser, openPage, signIn, signInByToken, until } from './harness.mjs';

const FIRST_LOAD_MAX = 150_000; // octets, compressed
const people = {
	owner: { email: 'olga@example.net', password: 'olga-has-a-long-one' },
	viewer: { email: 'vera@example.net', password: 'vera-has-a-long-one' },
};
const controller = new Controller();
let browser, vslice;

before(async () => {
	await controller.start();
	for (const [role, who] of Object.entries(people)) await controller.api('POST', 'users', { ...who, name: role, role });
	vslice = await controller.l2tp('Seen', { l2tpAccessConcentrators: [{ address: '10.64.0.1' }], l2tpNetworkServers: [{ address: '10.65.0.1' }] });
	browser = await openBrowser();
});
after(async () => {
	await browser?.close();
	await controller.close();
});

const enter = async (role, path = '/') => {
	const page = await openPage(browser);
	await signIn(page, controller.url, people[role].email, people[role].password, path);
	return page;
};

test('it is served compressed, kept for ever by its hashed names, and allows nothing from elsewhere', async () => {
	const html = await fetch(controller.url + '/vslices', { headers: { Accept: 'text/html' } });
	assert.equal(html.status, 200);
	assert.equal(html.headers.get('cache-control'), 'no-cache');
	const policy = html.headers.get('content-security-policy');
	assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
	assert.doesNotMatch(policy, /unsafe|http/);
	const text = await html.text();
	assert.doesNotMatch(text, /<script(?![^>]*src=)|<style|\son\w+=/);
	const script = /src="(\/assets\/main-[A-Z0-9]+\.js)"/.exec(text)[1];
	const asset = await fetch(controller.url + script);
	assert.match(asset.headers.get('cache-control'), /immutable/);
	assert.equal(asset.headers.get('content-encoding'), 'gzip');
	const again = await fetch(controller.url + script, { headers: { 'If-None-Match': asset.headers.get('etag') } });
	assert.equal(again.status, 304);
	assert.equal((await fetch(controller.url + script, { headers: { 'Accept-Encoding': 'identity' } })).status, 406);
	assert.equal((await fetch(controller.url + '/assets/none.js')).status, 404);
	assert.equal((await fetch(controller.url + '/vslices', { headers: { Accept: 'application/json' } })).status, 404);
});

test(`the first load is ${FIRST_LOAD_MAX / 1000} kB or less, from here alone, and usable within a second`, async () => {
	const page = await openPage(browser);
	const session = await page.context().newCDPSession(page);
	let octets = 0;
	let data = 0;
	const answers = new Set();
	const elsewhere = [];
	await session.send('Network.enable');
	session.on('Network.responseReceived', (event) => event.response.url.includes('/api/') && answers.add(event.requestId));
	session.on('Network.loadingFinished', (event) => (answers.has(event.requestId) ? (data += event.encodedDataLength) : (octets += event.encodedDataLength)));
	page.on('request', (request) => request.url().startsWith(controller.url) || request.url().startsWith('data:') || elsewhere.push(request.url()));
	await page.goto(controller.url + '/');
	await page.getByLabel('Email').waitFor();
	const untilSignIn = await page.evaluate(() => performance.now());
	await page.getByLabel('Email').fill(people.owner.email);
	await page.getByLabel('Password').fill(people.owner.password);
	await page.getByRole('button', { name: 'Sign in', exact: true }).click();
	await page.getByRole('heading', { level: 1, name: 'Dashboard' }).waitFor();
	console.log(`# sign-in page after ${Math.round(untilSignIn)} ms; ${octets} octets of portal up to the dashboard, and ${data} of API`);
	assert.ok(octets <= FIRST_LOAD_MAX, `${octets} octets`);
	assert.deepEqual(elsewhere, []);
	noComplaints(page);
});

test('a wrong password is said in words, and the session lives in a cookie that scripts cannot read', async () => {
	const page = await openPage(browser);
	await page.goto(controller.url + '/vslices');
	await page.getByLabel('Email').fill(people.owner.email);
	await page.getByLabel('Password').fill('not-the-password');
	await page.getByRole('button', { name: 'Sign in', exact: true }).click();
	await page.getByRole('alert').waitFor();
	assert.equal(await page.getByLabel('Email').inputValue(), people.owner.email);
	await page.getByLabel('Password').fill(people.owner.password);
	await page.getByRole('button', { name: 'Sign in', exact: true }).click();
	await page.getByRole('heading', { name: 'VSlices', level: 1 }).waitFor(); // where one wanted to go
	const [cookie] = await page.context().cookies();
	assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ['slicegate_session', true, 'Strict']);
	assert.equal(await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })).then((text) => /token|session/.test(text.replace('slicegate.theme', ''))), false);
	await page.reload();
	await page.getByRole('heading', { name: 'VSlices', level: 1 }).waitFor();
	await page.getByRole('button', { name: 'Sign out' }).click();
	await page.getByLabel('Email').waitFor();
	await page.reload();
	await page.getByLabel('Email').waitFor();
	noComplaints(page);
});

test('a change without the CSRF token is refused', async () => {
	const page = await enter('owner');
	const status = (headers) =>
		page.evaluate(
			async ([id, more]) => (await fetch('/api/v1/vslices/' + id, { method: 'PATCH', headers: { 'Content-Type': 'application/json', ...more }, body: '{"name":"Forged"}' })).status,
			[vslice.id, headers],
		);
	assert.equal(await status({}), 403);
	assert.equal(await status({ 'X-CSRF-Token': 'guessed' }), 403);
	assert.equal((await controller.api('GET', 'vslices/' + vslice.id)).name, 'Seen');
});

test('a viewer sees no action that it may not take, and the API refuses it anyway', async () => {
	const page = await enter('viewer');
	const acts = /^(New |Create|Save|Delete|Add |Import|Suspend|Activate|Detach|Restart|Drain|Test |Remove)/;
	for (const path of ['/vslices', `/vslices/${vslice.id}`, `/vslices/${vslice.id}/setup`, `/vslices/${vslice.id}/lnss`, '/endpoints', '/endpointgroups', '/routingtargets', '/routingpolicies', '/tunnels', '/sessions']) {
		await page.goto(controller.url + path);
		await page.locator('main h1').waitFor();
		await until('it is loaded', async () => (await page.locator('main .loading').count()) === 0);
		for (const action of await page.locator('main').locator('button, a.button').all()) {
			if (!acts.test((await action.innerText()) || ((await action.getAttribute('aria-label')) ?? ''))) continue;
			assert.ok(await action.isDisabled(), `${path}: ${await action.innerText()}`);
		}
	}
	await page.goto(controller.url + `/vslices/${vslice.id}`);
	assert.ok(await control(page, 'name').isDisabled());
	const csrf = await page.evaluate(async () => (await (await fetch('/api/v1/me')).json()).data.csrfToken);
	for (const [method, path] of [['PATCH', 'vslices/' + vslice.id], ['DELETE', 'vslices/' + vslice.id], ['POST', 'vslices'], ['POST', `vslices/${vslice.id}/lnss/${vslice.l2tpNetworkServers[0].id}/test`]]) {
		const status = await page.evaluate(async ([m, p, token]) => (await fetch('/api/v1/' + p, { method: m, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token }, body: '{"name":"X"}' })).status, [method, path, csrf]);
		assert.equal(status, 403, `${method} ${path}`);
	}
	noComplaints(page);
});

test('a session that ends in the middle of a form loses nothing that was typed', async () => {
	const page = await enter('owner', `/vslices/${vslice.id}`);
	await control(page, 'name').fill('Typed before the end');
	await page.context().clearCookies();
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByText('Your session has ended.').waitFor();
	await page.getByLabel('Email').fill(people.owner.email);
	await page.getByLabel('Password').fill(people.owner.password);
	await page.getByRole('button', { name: 'Sign in', exact: true }).click();
	await page.getByText('Your session has ended.').waitFor({ state: 'detached' });
	assert.equal(await control(page, 'name').inputValue(), 'Typed before the end');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await until('it is saved', async () => (await controller.api('GET', 'vslices/' + vslice.id)).name === 'Typed before the end');
	noComplaints(page);
});

test('it is live; when the line is lost it says so, and what changed meanwhile comes with the line', async () => {
	const page = await openPage(browser);
	await signInByToken(page, controller, '/vslices');
	await page.getByRole('heading', { name: 'VSlices', level: 1 }).waitFor();
	await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Endpoints' }).click();
	await page.locator('.line.live').waitFor();
	await page.getByRole('heading', { name: 'No Endpoint yet' }).waitFor();
	await controller.api('POST', 'endpoints', { iccid: iccid(1), imsis: ['999700000000001'], name: 'Came by itself' });
	await page.getByText('Came by itself').waitFor();
	const { port } = controller;
	await controller.stop();
	await page.locator('.line.lost').waitFor();
	await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'VSlices' }).click();
	await page.getByText(/controller cannot be reached/).first().waitFor();
	await controller.start(port);
	await page.locator('.line.live').waitFor();
	await page.getByRole('link', { name: /Typed before the end|Seen/ }).first().waitFor();
});

test('an API error of a field is at its field for what only the API knows', async () => {
	const page = await enter('owner', '/endpoints/new');
	await page.locator('main h1').waitFor();
	await control(page, 'iccid').fill(iccid(1));
	await page.locator('[data-field="imsis"] input').fill('999700000000001');
	await page.getByRole('button', { name: 'Create Endpoint', exact: true }).click();
	await faultOf(page, 'iccid').waitFor();
	noComplaints(page);
});
