// SPDX-License-Identifier: Apache-2.0
// Builds the portal with esbuild.
//
//   node build.mjs --c assets.c --depfile assets.d    the embedded form: every file compressed, in one C table
//   node build.mjs --out DIR [--watch]                plain files for slicegate-controller --web-root DIR
//
// Names carry a hash of the content, so that a browser keeps them for ever; only index.html is asked for again.

import { context } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
	options: {
		c: { type: 'string' },
		depfile: { type: 'string' },
		out: { type: 'string' },
		watch: { type: 'boolean', default: false },
	},
});
const types = {
	html: 'text/html; charset=utf-8',
	js: 'text/javascript; charset=utf-8',
	css: 'text/css; charset=utf-8',
	svg: 'image/svg+xml',
};

// [{ path, bytes }] of one build.
function filesOf(result) {
	const root = join(here, 'dist');
	const files = result.outputFiles.map((file) => ({ path: '/' + relative(root, file.path), bytes: Buffer.from(file.contents) }));
	const entry = Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint === 'src/main.tsx');
	const html = readFileSync(join(here, 'index.html'), 'utf8')
		.replace('{script}', '/' + entry[0].replace(/^dist\//, ''))
		.replace('{style}', '/' + entry[1].cssBundle.replace(/^dist\//, ''));
	return [...files, { path: '/index.html', bytes: Buffer.from(html) }];
}

function cTable(files) {
	const rows = [];
	const parts = ['// Made by portal/build.mjs.\n#include "controller/portal.h"\n'];
	files.forEach(({ path, bytes }, i) => {
		const gzip = gzipSync(bytes, { level: 9 });
		const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
		const type = types[path.split('.').pop()];
		parts.push(`static const unsigned char file_${i}[] = {${[...gzip].join(',')}};\n`);
		rows.push(`\t{"${path}", "${type}", "\\"${etag}\\"", ${path.startsWith('/assets/')}, file_${i}, sizeof(file_${i})},\n`);
	});
	parts.push(`const struct portal_asset portal_assets[] = {\n${rows.join('')}};\nconst size_t portal_asset_count = ${rows.length};\n`);
	return parts.join('\n');
}

function write(result) {
	const files = filesOf(result);
	if (options.out) {
		rmSync(join(options.out, 'assets'), { recursive: true, force: true });
		for (const { path, bytes } of files) {
			mkdirSync(dirname(join(options.out, path)), { recursive: true });
			writeFileSync(join(options.out, path), bytes);
		}
	}
	if (options.c) writeFileSync(options.c, cTable(files));
	if (options.depfile) {
		const inputs = [...Object.keys(result.metafile.inputs), 'index.html', 'build.mjs'];
		writeFileSync(options.depfile, `${options.c}: ${inputs.map((name) => resolve(here, name)).join(' ')}\n`);
	}
}

const writer = {
	name: 'writer',
	setup(build) {
		build.onEnd((result) => {
			if (!result.errors.length) write(result);
		});
	},
};
const building = await context({
	absWorkingDir: here,
	entryPoints: ['src/main.tsx'],
	outdir: 'dist',
	entryNames: 'assets/[name]-[hash]',
	chunkNames: 'assets/[name]-[hash]',
	assetNames: 'assets/[name]-[hash]',
	bundle: true,
	splitting: true,
	format: 'esm',
	target: ['chrome109', 'firefox115', 'safari16'],
	jsx: 'automatic',
	jsxImportSource: 'preact',
	minify: !options.out,
	sourcemap: options.out ? 'inline' : false,
	legalComments: 'none',
	metafile: true,
	write: false,
	logLevel: 'warning',
	plugins: [writer],
});
if (options.watch) {
	await building.watch();
} else {
	try {
		await building.rebuild();
	} catch {
		process.exitCode = 1; // esbuild has said what
	}
	await building.dispose();
}
