// SPDX-License-Identifier: GPL-2.0-or-later
// Measure the text of the pictures of a page, as laid out by a browser. The title of
// the page becomes "boxes: N texts, SMALLEST px", or what is wrong with the first text.
(() => {
	const texts = [];
	let wrong = '', smallest = Infinity;

	for (const svg of document.querySelectorAll('svg')) {
		const view = svg.getBoundingClientRect();
		const boxes = [...svg.querySelectorAll('text')].filter(
			t => t.textContent.trim()).map(
			t => [t.textContent, t.getBoundingClientRect()]);

		for (const [text, b] of boxes) {
			texts.push(text);
			smallest = Math.min(smallest, b.height);
			if (b.left < view.left - 1 || b.right > view.right + 1 ||
			    b.top < view.top - 1 || b.bottom > view.bottom + 1)
				wrong ||= `cut: ${text}`;
		}
		for (let i = 0; i < boxes.length; i++)
			for (let j = i + 1; j < boxes.length; j++) {
				const [a, p] = boxes[i], [b, q] = boxes[j];
				const x = Math.min(p.right, q.right) -
					Math.max(p.left, q.left);
				const y = Math.min(p.bottom, q.bottom) -
					Math.max(p.top, q.top);

				// lines may touch
				if (x > 1 && y > p.height / 3)
					wrong ||= `on each other: ${a} and ${b}`;
			}
	}
	if (document.documentElement.scrollWidth > innerWidth)
		wrong ||= 'wider than the window';
	document.title = wrong ||
		`boxes: ${texts.length} texts, ${Math.floor(smallest)} px`;
})();
