// SPDX-License-Identifier: Apache-2.0
// The browser of bindings.sh.
import { noComplaints, openBrowser, openPage, signIn } from './harness.mjs';

const { API, EMAIL, PASSWORD, NAME, ADDRESS, SERVER } = process.env;
const browser = await openBrowser();
const page = await openPage(browser);
await signIn(page, API, EMAIL, PASSWORD, '/routingtargets/net');
const row = page.getByRole('region', { name: 'NAT bindings' }).getByRole('row').filter({ hasText: ADDRESS + ':' }).first();
await row.getByText(SERVER).waitFor();
await row.getByRole('link', { name: NAME }).click();
await page.getByRole('heading', { name: NAME }).waitFor();
noComplaints(page);
await browser.close();
