// SPDX-License-Identifier: Apache-2.0
// A real controller on a store of its own, and Debian's Chromium before it. What a browser complains of (its console, an exception, a request that the
// policy of content refused) fails the test that made it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const PROGRAM = process.env.CONTROLLER ?? join(process.env.BUILD ?? join(ROOT, 'build/check'), 'src/controller/slicegate-controller');
const SKIPPED = 77;

function skip(why) {
	console.log(why);
	process.exit(process.env.CI ? 1 : SKIPPED); // where everything must be there, what is missing is a fault
}

if (!existsSync(PROGRAM)) skip(`no program at ${PROGRAM}: build it first`);
if (!existsSync('/usr/bin/chromium')) skip('chromium is not installed');
if (!existsSync(join(ROOT, 'portal/node_modules/playwright-core'))) skip("the portal's packages are not installed: tools/deps");
const require = createRequire(join(ROOT, 'portal/package.json'));
export const { chromium } = require('playwright-core');

export const WAIT = 15000; // for what must happen; machines are noisy

export async function until(what, check) {
	for (const end = Date.now() + WAIT; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 25))) {
		const value = await check();
		if (value) return value;
	}
	assert.fail(`not within ${WAIT / 1000} s: ${what}`);
}

export class Controller {
	// `options`: more of the program's own.
	constructor(...options) {
		this.options = options;
		this.folder = mkdtempSync(join(tmpdir(), 'slicegate-portal-'));
	}

	async start(port = 0) {
		const args = ['--listen', `127.0.0.1:${port}`, '--database', join(this.folder, 'db'), '--admin-token-file', join(this.folder, 'token'), ...this.options];
		this.said = '';
		this.process = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'pipe'] });
		for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (text) => (this.said += text));
		this.ended = new Promise((resolve) => this.process.on('exit', resolve));
		this.port = Number((await until('the controller listens', () => /ready/.test(this.said) && /listening address=\S+ port=(\d+)/.exec(this.said)))[1]);
		this.url = `http://127.0.0.1:${this.port}`;
		this.token = readFileSync(join(this.folder, 'token'), 'utf8').trim();
	}

	async stop() {
		this.process.kill('SIGTERM');
		assert.equal(await this.ended, 0, this.said.slice(-4000));
	}

	async close() {
		await this.stop();
		rmSync(this.folder, { recursive: true });
	}

	async answer(method, path, body, headers = {}) {
		const reply = await fetch(`${this.url}/api/v1/${path}`, {
			method,
			headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json', ...headers },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		return { status: reply.status, body: await reply.json() };
	}

	// The `data` of a call that must succeed.
	async api(method, path, body) {
		const { status, body: envelope } = await this.answer(method, path, body);
		assert.ok(status === 200 && envelope.success, `${method} ${path}: ${status} ${envelope.messages}`);
		return envelope.data;
	}

	async l2tp(name, more = {}) {
		const vslice = await this.api('POST', 'vslices', { name, vsliceType: 'l2tp', regionalGateway: 'europe', ...more });
		return this.api('GET', 'vslices/' + vslice);
	}
}

// A number as an ICCID with its check digit.
export function iccid(number) {
	const body = '89883030' + String(number).padStart(10, '0');
	const sum = [...body].reverse().reduce((total, digit, i) => total + (i % 2 ? Number(digit) : Number(digit) * 2 - (digit > 4 ? 9 : 0)), 0);
	return body + ((10 - (sum % 10)) % 10);
}

export async function openBrowser() {
	return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

// A page whose complaints are kept. `expected`: complaints that the test provokes.
export async function openPage(browser, options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
	const page = await context.newPage();
	page.complaints = [];
	page.setDefaultTimeout(WAIT);
	page.on('pageerror', (error) => page.complaints.push(String(error)));
	page.on('console', (message) => {
		// Chromium tells of every answer of 400 and more; the tests look at those themselves.
		if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) page.complaints.push(message.text());
	});
	return page;
}

export const noComplaints = (page) => assert.deepEqual(page.complaints, []);

export async function signInByToken(page, controller, path = '/', token = controller.token) {
	await page.goto(controller.url + path);
	await page.getByRole('button', { name: 'Use an API token' }).click();
	await page.getByLabel('API token').fill(token);
	await page.getByRole('button', { name: 'Sign in', exact: true }).click();
	await page.locator('main#main').waitFor();
}

export async function signIn(page, url, email, password, path = '/') {
	await page.goto(url + path);
	await page.getByLabel('Email').fill(email);
	await page.getByLabel('Password').fill(password);
	await page.getByRole('button', { name: 'Sign in', exact: true }).click();
	await page.locator('main#main').waitFor();
}

// A member of a form, by its path in the API.
export const field = (page, path) => page.locator(`[data-field="${path}"]`);
export const control = (page, path) => field(page, path).locator('input, select, textarea').first();
export const labels = async (page) => (await page.locator('main .field-label').allInnerTexts()).map((text) => text.replace('*', '').trim());
export const faultOf = (page, path) => field(page, path).locator('> .field-fault');
