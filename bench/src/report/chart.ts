/** A curve of a chart: the same measure at growing loads. */
export interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly curves: readonly Curve[];
}

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { left: 70, right: 20, top: 40, bottom: 50 };
const FONT = 'font-family="sans-serif" font-size="12" fill="#555"';
const STEPS = 5;

/** Draws curves over loads that double and double again: the x axis is logarithmic, the y axis begins at 0. */
export function drawChart({ title, x, y, curves }: Chart): string {
  const loads = [...new Set(curves.flatMap(({ points }) => points.map(([load]) => load)))].sort(
    (a, b) => a - b,
  );
  const most = niceMaximum(Math.max(...curves.flatMap(({ points }) => points.map(([, value]) => value))));
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
  const span = Math.log(loads.at(-1)! / loads[0]!) || 1;
  const placeX = (load: number) => left + ((right - left) * Math.log(load / loads[0]!)) / span;
  const placeY = (value: number) => bottom - ((bottom - top) * value) / most;
  const grid = Array.from({ length: STEPS + 1 }, (_, step) => (most * step) / STEPS).map((value) => {
    const at = placeY(value).toFixed(1);
    return `<line x1="${left}" x2="${right}" y1="${at}" y2="${at}" stroke="#ddd"/><text x="${left - 8}" y="${at}" dy="4" text-anchor="end" ${FONT}>${value.toLocaleString('en-US')}</text>`;
  });
  const ticks = loads.map(
    (load) =>
      `<text x="${placeX(load).toFixed(1)}" y="${bottom + 18}" text-anchor="middle" ${FONT}>${load.toLocaleString('en-US')}</text>`,
  );
  const drawn = curves.map(({ name, colour, points }, index) => {
    const places = points.map(([load, value]) => `${placeX(load).toFixed(1)},${placeY(value).toFixed(1)}`);
    const dots = places.map((place) => {
      const [cx, cy] = place.split(',');
      return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`;
    });
    const legend = `<text x="${right}" y="${top + 16 * index}" text-anchor="end" ${FONT.replace('#555', colour)}>${name}</text>`;
    return `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${legend}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${left}" y="22" font-family="sans-serif" font-size="14" fill="#222">${title}</text>`,
    ...grid,
    ...ticks,
    ...drawn,
    `<text x="${(left + right) / 2}" y="${HEIGHT - 10}" text-anchor="middle" ${FONT}>${x}</text>`,
    `<text transform="translate(16 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle" ${FONT}>${y}</text>`,
    '</svg>\n',
  ].join('\n');
}

/** 1, 2 or 5 times a power of ten. */
function niceMaximum(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 5, 10].find((step) => step * power >= value)!;
}
