// SPDX-License-Identifier: Apache-2.0
// Line drawings on a grid of 24, in the colour of the text around them. They say nothing that the words beside them do not say.
const shapes = {
	dashboard: 'M4 13h6V4H4zM14 20h6V4h-6zM4 20h6v-3H4z',
	endpoint: 'M7 3h7l4 4v14H7zM10 12h5v5h-5z',
	group: 'M4 7h7v4H4zM13 13h7v4h-7zM7.5 11v4H13',
	vslice: 'M12 3l9 5-9 5-9-5zM3 12l9 5 9-5M3 16l9 5 9-5',
	target: 'M12 21a9 9 0 100-18 9 9 0 000 18zM12 16a4 4 0 100-8 4 4 0 000 8z',
	policy: 'M4 6h10M4 12h16M4 18h7M17 3l3 3-3 3',
	tunnel: 'M3 19a9 9 0 0118 0M8 19a4 4 0 018 0M3 19h18',
	session: 'M4 8c4-5 12-5 16 0M7 12c3-3 7-3 10 0M12 17h.01',
	event: 'M12 3v4M12 17v4M3 12h4M17 12h4M12 15a3 3 0 100-6 3 3 0 000 6z',
	handler: 'M4 4h16v12H8l-4 4z',
	map: 'M9 4L3 6v14l6-2 6 2 6-2V4l-6 2zM9 4v14M15 6v14',
	gateway: 'M4 5h16v6H4zM4 13h16v6H4zM7 8h.01M7 16h.01',
	operator: 'M12 12v9M8 21h8M12 12a2 2 0 100-4 2 2 0 000 4zM7 15a7 7 0 010-10M17 15a7 7 0 000-10',
	region: 'M12 21a9 9 0 100-18 9 9 0 000 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18',
	user: 'M12 12a4 4 0 100-8 4 4 0 000 8zM4 21c0-5 16-5 16 0',
	key: 'M8 15a5 5 0 113.5-1.5L20 5M16 9l3 3M8 15a5 5 0 010-.01',
	customer: 'M4 21V5l8-2v18M12 9h8v12M7 9h2M7 13h2M7 17h2M15 13h2M15 17h2M3 21h18',
	audit: 'M6 3h9l4 4v14H6zM9 12h7M9 16h7M9 8h3',
	capture: 'M3 12h4l3-8 4 16 3-8h4',
	book: 'M5 4h6a3 3 0 013 3v13a2 2 0 00-2-2H5zM14 7a3 3 0 013-3h2v14h-3a2 2 0 00-2 2',
	plus: 'M12 5v14M5 12h14',
	close: 'M6 6l12 12M18 6L6 18',
	menu: 'M4 6h16M4 12h16M4 18h16',
	check: 'M5 13l4 4L19 7',
	cross: 'M6 6l12 12M18 6L6 18',
	warn: 'M12 4l9 16H3zM12 10v4M12 17h.01',
	info: 'M12 21a9 9 0 100-18 9 9 0 000 18zM12 11v5M12 8h.01',
	up: 'M6 15l6-6 6 6',
	down: 'M6 9l6 6 6-6',
	right: 'M9 6l6 6-6 6',
	left: 'M15 6l-6 6 6 6',
	grip: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
	trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
	edit: 'M4 20h4L19 9l-4-4L4 16z',
	copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
	refresh: 'M20 11a8 8 0 10-2 6M20 4v7h-7',
	search: 'M11 18a7 7 0 100-14 7 7 0 000 14zM16 16l5 5',
	sun: 'M12 16a4 4 0 100-8 4 4 0 000 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5',
	moon: 'M20 14A8 8 0 0110 4a8 8 0 1010 10z',
	out: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
	upload: 'M12 16V4M7 9l5-5 5 5M4 20h16',
	download: 'M12 4v12M7 11l5 5 5-5M4 20h16',
	play: 'M7 4l13 8-13 8z',
	pause: 'M8 5v14M16 5v14',
	clock: 'M12 21a9 9 0 100-18 9 9 0 000 18zM12 7v5l3 3',
	external: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name, label }: { name: IconName; label?: string }) {
	return (
		<svg class="icon" viewBox="0 0 24 24" role={label ? 'img' : undefined} aria-label={label} aria-hidden={label ? undefined : true}>
			<path d={shapes[name]} />
		</svg>
	);
}
