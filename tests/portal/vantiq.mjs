// SPDX-License-Identifier: Apache-2.0
// The browser of vantiq.sh: it does what a person of Vantiq Motors does, waits for what they would wait for, and says on its standard output how far it is.
// It talks to nothing but the portal. With SHOTS=DIR it leaves pictures of the main pages there.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { control, field, noComplaints, openBrowser, openPage, signIn } from './harness.mjs';

const { API, EMAIL, PASSWORD, GATEWAY, PEER_REMOTE, PRESHARED_KEY, IKE_PROPOSAL, ESP_PROPOSAL, LNS_NET, LAC, LNS, TUNNEL_SECRET, PPP_USER, PPP_PASSWORD, POOL_NET, CAR1, CAR2, SHOTS } = process.env;
const browser = await openBrowser();
const page = await openPage(browser);
const next = page.locator('.setup-step.next');
const menu = (name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
const button = (name, within = page) => within.getByRole('button', { name, exact: true }).click();

async function shot(name) {
	if (!SHOTS) return;
	const news = (display) => page.evaluate((value) => document.querySelector('.toasts')?.style.setProperty('display', value), display);
	await news('none');
	await page.screenshot({ path: join(SHOTS, name + '.png') });
	await news('');
}

async function step(title, fill, act) {
	await next.getByRole('heading', { name: title, exact: true }).waitFor();
	await fill?.();
	if (title === 'A Routing Target') await shot('setup');
	await button(act, next);
}

// The four steps of the set-up, VSlice, Routing Target, Routing Policy, VSlice; then LAC, LNS, Endpoint Group, and the first SIM.
async function order() {
	await page.getByRole('link', { name: 'New VSlice' }).click();
	await field(page, 'vsliceType').locator('input[value=l2tp]').check();
	await control(page, 'name').fill('Vantiq Diagnostics L2TP');
	await control(page, 'regionalGateway').selectOption({ label: GATEWAY });
	await shot('new-vslice');
	await button('Create VSlice');
	await step(
		'A Routing Target',
		async () => {
			await control(page, 'name').fill('Vantiq data centre');
			await field(page, 'routingTargetType').locator('input[value=vpn]').check();
			const vpn = (name, value) => control(page, 'configurationData.vpnConfig.' + name).fill(value);
			await vpn('remotePeerAddress', PEER_REMOTE);
			await vpn('presharedKey', PRESHARED_KEY);
			await vpn('localSubnets', LAC + '/32');
			await vpn('remoteSubnets', LNS_NET + '.0/24');
			await vpn('vpnIkeOption', IKE_PROPOSAL);
			await vpn('vpnEspOption', ESP_PROPOSAL);
		},
		'Create Routing Target',
	);
	await step('A Routing Policy', () => control(page, 'name').fill('To the data centre'), 'Create Routing Policy');
	await step('Back to the VSlice: its Default Routing Policy', null, 'Set it on the VSlice');
	await step(
		'A LAC',
		async () => {
			await control(page, 'address').fill(LAC);
			await control(page, 'tunnelSecret').fill(TUNNEL_SECRET);
		},
		'Add LAC',
	);
	await step('An LNS', () => control(page, 'address').fill(LNS), 'Add LNS');
	await step('An Endpoint Group', () => control(page, 'name').fill('Cars'), 'Create Endpoint Group');
	await step('Endpoints', () => endpoint('Car 1', CAR1), 'Create Endpoint');
	await page.getByText('A SIM of this VSlice that attaches now gets its address from your LNS.').waitFor({ timeout: 60000 });
	await shot('ready');
}

async function endpoint(name, sim) {
	const [imsi, iccid] = sim.split(':');
	await control(page, 'name').fill(name);
	await control(page, 'iccid').fill(iccid);
	await field(page, 'imsis').locator('input').fill(imsi);
	await control(page, 'endpointGroup').selectOption({ label: 'Cars' });
	await control(page, 'pppUsername').fill(PPP_USER);
	await control(page, 'pppPassword').fill(PPP_PASSWORD);
}

const startedAt = (id) => page.evaluate(async (path) => (await (await fetch(path)).json()).data.session?.startedAt, '/api/v1/endpoints/' + id);

// Begun before the SIM has a session, a capture has its attach; whoever reads the file learns no password.
async function beginCapture() {
	await button('Capture');
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Seconds, at most').fill('600');
	await button('Start', dialog);
	await dialog.getByText('Running, 600 s at most').waitFor();
	await button('Close', dialog);
}

async function takeCapture() {
	await menu('Captures');
	await button('Stop');
	await page.getByRole('cell', { name: /^Ended/ }).waitFor();
	const coming = page.waitForEvent('download');
	await button('Download');
	const file = await readFile(await (await coming).path());
	assert.equal(file.readUInt32BE(0), 0x0a0d0d0a, 'it is pcapng');
	assert.ok(file.length > 2000, `${file.length} octets`);
	assert.ok(!file.includes(PPP_PASSWORD));
	console.log(`captured ${file.length} octets`);
}

// The page is open while the SIM attaches; how long after the session's beginning did it stand there?
async function watch() {
	await menu('Endpoints');
	await page.getByRole('link', { name: 'Car 1', exact: true }).click();
	await page.getByText('No attach of it has reached a Regional Gateway yet.').waitFor();
	await beginCapture();
	console.log('watching');
	const notice = page.locator('.notice.good');
	await notice.getByText('Attached', { exact: true }).waitFor({ timeout: 60000 });
	const seen = Date.now();
	assert.match(await notice.innerText(), new RegExp(`Attached with ${POOL_NET.replace('.', '\\.')}\\.\\d+\\.\\d+, supplied by the LNS`));
	const since = await startedAt(page.url().split('/').pop());
	console.log(`seen after ${seen - Date.parse(since)} ms`);
	await page.getByText('IPCP').first().waitFor();
	await shot('endpoint');
	await menu('Endpoints');
	await page.getByRole('cell', { name: 'supplied by the LNS' }).waitFor();
	await shot('endpoints');
	await menu('Tunnels');
	await page.getByText('Established').nth(1).waitFor();
	await shot('tunnels');
	await takeCapture();
	await menu('Dashboard');
	for (const [what, figure] of [['live sessions', '1'], ['tunnels established', '1'], ['Endpoints', '1']])
		await page.locator('.stat', { hasText: what }).getByText(figure, { exact: true }).waitFor();
	await page.locator('figure.plot', { hasText: 'Attaches' }).locator('rect.good:not([height="0"])').first().waitFor({ state: 'attached' });
	await page.getByRole('link', { name: GATEWAY }).waitFor();
	await shot('dashboard');
}

// On our side only: the portal says so in words, at the VSlice, and where a SIM is refused for it.
async function changeSecret() {
	await menu('VSlices');
	await page.getByRole('link', { name: 'Vantiq Diagnostics L2TP' }).click();
	await page.getByRole('link', { name: 'L2TP Access Concentrator(s)' }).click();
	await control(page, 'l2tpAccessConcentrators[0].tunnelSecret').fill('Changed-on-one-side-only');
	await button('Save');
	await page.getByText('VSlice saved').last().waitFor();
	await page.getByRole('link', { name: /^Readiness/ }).click();
	await page.locator('.check.bad', { hasText: 'Tunnel' }).getByText(/secret/i).waitFor({ timeout: 60000 });
	await shot('readiness');
	console.log('told at the VSlice');

	await menu('Endpoints');
	await page.getByRole('link', { name: 'New Endpoint' }).click();
	await endpoint('Car 2', CAR2);
	await button('Create Endpoint');
	await page.getByText('No attach of it has reached a Regional Gateway yet.').waitFor();
	console.log('watching the other');
	await page.locator('.notice.bad').getByText(/To mend it: .*same tunnel secret on both sides/).waitFor({ timeout: 60000 });
	await page.getByRole('link', { name: /^Attaches/ }).click();
	await page.locator('.trace.bad .trace-step.l2tp').first().waitFor();
	await shot('attach-trace');
	console.log('told at the Endpoint');
}

try {
	await signIn(page, API, EMAIL, PASSWORD);
	await page.getByRole('heading', { name: 'Begin with a VSlice' }).waitFor();
	console.log('signed in');
	await order();
	console.log('ordered');
	await watch();
	await changeSecret();
	noComplaints(page);
	console.log('all done');
} catch (error) {
	console.log(`FAILED: ${error.stack}`);
	console.log((await page.locator('body').innerText()).slice(0, 4000));
	if (process.env.LAB_WORK) await page.screenshot({ path: join(process.env.LAB_WORK, 'portal.png'), fullPage: true });
	process.exitCode = 1;
} finally {
	await browser.close();
}
