// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks';
import { loadEventTypes } from './api/event-types';
import { forgetAll } from './api/query';
import { loadSchema, schemaIsLoaded } from './api/schema';
import { customer, me, wasSignedIn, whoAmI } from './api/session';
import { startStream, stopStream } from './api/stream';
import { forgetReferred } from './form/when';
import { path } from './router';
import { notFound, routes, type Page } from './routes';
import { Layout, routeAt } from './shell/layout';
import { SignIn } from './shell/sign-in';
import { Confirmations } from './ui/dialog';
import { Faults } from './ui/faults';
import { Loading } from './ui/parts';
import { Toasts } from './ui/toast';

const pages = new Map<string, Page>();

function View() {
	const found = routeAt(path.value);
	const route = found?.route ?? notFound;
	const [, arrived] = useState(0);
	const [error, setError] = useState<unknown>(null);
	const Current = pages.get(route.path);
	useEffect(() => {
		document.title = `${route.title} · Slicegate`;
		setError(null);
		if (pages.has(route.path)) return;
		route.page().then(
			(module) => {
				pages.set(route.path, module.default);
				arrived((n) => n + 1);
			},
			() => setError(new Error('This part of the portal could not be loaded; reload the page. The controller may have been replaced by a newer one.')),
		);
	}, [route.path]);
	if (error) return <Faults error={error} retry={async () => location.reload()} />;
	// Another customer, another thing: a page of its own, with nothing left over.
	return Current ? <Current key={(customer.value ?? '') + route.path + (found?.params.id ?? '')} params={found?.params ?? {}} /> : <Loading />;
}

export function App() {
	const [error, setError] = useState<unknown>(null);
	const [ready, setReady] = useState(false);
	const who = me.value;

	const begin = async () => {
		setError(null);
		try {
			await whoAmI();
		} catch (failed) {
			setError(failed);
		}
	};
	useEffect(() => void begin(), []);

	useEffect(() => {
		if (!who) return;
		const start = async () => {
			try {
				if (!schemaIsLoaded()) await Promise.all([loadSchema(), loadEventTypes()]);
				setReady(true);
			} catch (failed) {
				setError(failed);
			}
		};
		void start();
	}, [!!who]);

	// The other pages come while nothing else is to do: a click is answered at once, also while the controller is away.
	useEffect(() => {
		if (!ready) return;
		const fetchAll = () => routes.forEach((route) => route.page().then((module) => pages.set(route.path, module.default)).catch(() => undefined));
		const timer = setTimeout(fetchAll, 1500);
		return () => clearTimeout(timer);
	}, [ready]);

	useEffect(() => {
		if (!who) return;
		forgetAll();
		forgetReferred();
		void startStream();
		return stopStream;
	}, [!!who, customer.value]);

	if (error) return <Faults error={error} retry={begin} />;
	if (who === undefined) return <Loading />;
	if (!who && !wasSignedIn.value) return <SignIn />;
	// Who was signed in and is not any more signs in over the page: what was typed in it stays.
	return (
		<>
			{ready ? (
				<div class={who ? undefined : 'behind'} {...(who ? {} : { inert: true })}>
					<Layout>
						<View />
					</Layout>
				</div>
			) : (
				<Loading />
			)}
			{!who && (
				<div class="over">
					<SignIn />
				</div>
			)}
			<Confirmations />
			<Toasts />
		</>
	);
}
