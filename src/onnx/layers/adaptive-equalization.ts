import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, showShape, type Value } from '../graph.js';
import {
  add,
  cast,
  clip,
  cumulativeSum,
  div,
  equal,
  fill,
  floor,
  gather,
  isFloat,
  isNan,
  less,
  min,
  mul,
  node,
  type Operand,
  pad,
  range,
  reduceMin,
  reduceSum,
  reshape,
  type Size,
  sizeOf,
  sizePlus,
  sizeProduct,
  sizeQuotient,
  sizesOf,
  sizeTimes,
  sub,
  toFloat,
  where,
} from '../operators/index.js';
import { ofImagesAlone } from './image-dictionaries.js';
import { onImages } from './image-preprocessing.js';

/** Values of a pixel, each with a place in a histogram. */
const bins = 256;

/** The most tiles along a side. */
const mostTiles = 256;

/** A size beside float32 numbers. */
const operand = (size: Size): Operand => (typeof size === 'number' ? size : toFloat(size));

/** An axis in so many tiles of one size, the last of which goes on beyond it, mirrored. */
interface Tiled {
  axis: number;
  size: Size;
  tiles: number;
  tile: Size;
}

const tiled = (x: Value, axis: number, tiles: number): Tiled => {
  const size = sizeOf(x, axis);
  return { axis, size, tiles, tile: sizeQuotient(sizePlus(size, tiles - 1), tiles) };
};

/** The axis with what its tiles have beyond its end. An image that has less than that fails, as it does in Keras. */
function mirrored(x: Value, { axis, size, tiles, tile }: Tiled): Value {
  const whole = sizeTimes(tile, tiles);
  if (typeof whole === 'number' && whole === size) return x;
  if (typeof whole === 'number' && typeof size === 'number' && whole > 2 * size)
    throw new ShapeError(`its ${tiles} tiles are too many for an image of the shape ${showShape(x.shape)}`);
  const places = range(x.graph, whole);
  const back = sub(sizePlus(sizeTimes(size, 2), -1), places);
  const existing = where(less(back, 0), whole, back);
  return gather(x, where(less(places, size), places, existing), axis);
}

/** Indices along an axis of a tensor whose axes from the second on are channels, rows and columns. */
const along = (indices: Value, axis: number): Value => reshape(indices, [1, 1, 1, 1].with(axis, -1));

/** The whole numbers that values of pixels are, from 0 to 255. */
const binOf = (x: Value): Value => cast(clip(cast(x, 'int32'), 0, bins - 1), 'int64');

/** Places in a list that has, channel by channel, rows by columns of tiles, and for each a number for every bin. */
function placesIn(rows: number, columns: number, x: Value, row: Value, column: Value, bin: Value): Value {
  const channel = along(range(x.graph, sizeOf(x, 1)), 1);
  return add(mul(add(mul(add(mul(channel, rows), row), columns), column), bins), bin);
}

/** (batch, …) as (batch, all others). */
const flat = (x: Value): Value => {
  const [batch, ...others] = sizesOf(x);
  return reshape(x, [batch!, sizeProduct(others)]);
};

/** How many pixels of each tile are in each bin: (batch, channels, rows, columns, bins). */
function histograms(x: Value, rows: Tiled, columns: Tiled): Value {
  const padded = mirrored(mirrored(x, rows), columns);
  const tileOf = ({ axis, tiles, tile }: Tiled) => along(div(range(x.graph, sizeTimes(tile, tiles)), tile), axis);
  const places = flat(placesIn(rows.tiles, columns.tiles, padded, tileOf(rows), tileOf(columns), binOf(padded)));
  const [batch, channels] = [sizeOf(x, 0), sizeOf(x, 1)];
  const none = fill(x.graph, 'float32', [batch, sizeTimes(channels, rows.tiles * columns.tiles * bins)], 0);
  const ones = fill(x.graph, 'float32', sizesOf(places), 1);
  const counts = node('ScatterElements', [none, places, ones], { axis: 1, reduction: 'add' }, 'float32', none.shape);
  return reshape(counts, [batch, channels, rows.tiles, columns.tiles, bins]);
}

/** What is above the limit, spread over all bins. */
function limited(counts: Value, clipLimit: number, area: Size): Value {
  if (clipLimit <= 0) return counts;
  const limit = typeof area === 'number' ? (clipLimit * area) / bins : div(mul(toFloat(area), clipLimit), bins);
  const clipped = min(counts, limit);
  return add(clipped, div(reduceSum(sub(counts, clipped), [4], true), bins));
}

/** What each tile makes of each value of a pixel, from 0 to 255. */
function mappings(counts: Value, area: Size): Value {
  const sums = cumulativeSum(counts, 4);
  const least = reduceMin(sums, [4], true);
  const rest = sub(operand(area), least);
  return clip(div(mul(sub(sums, least), 255), where(equal(rest, 0), 1, rest)), 0, 255);
}

/** For each pixel along an axis the tiles whose middles it lies between, the first of them being 1, and the share of the latter. */
function between(x: Value, { axis, size, tiles, tile }: Tiled): { tiles: [Value, Value]; share: Value } {
  const half = typeof tile === 'number' ? tile / 2 : div(toFloat(tile), 2);
  const at = add(div(sub(toFloat(range(x.graph, size)), half), operand(tile)), 1);
  const before = floor(at);
  const placed = (one: Value) => along(cast(clip(one, 0, tiles + 1), 'int64'), axis);
  return { tiles: [placed(before), placed(add(before, 1))], share: along(sub(at, before), axis) };
}

/** (batch, channels, height, width) of values from 0 to 255, each channel by itself. */
function equalized(x: Value, clipLimit: number, [rowTiles, columnTiles]: readonly [number, number]): Value {
  const [rows, columns] = [tiled(x, 2, rowTiles), tiled(x, 3, columnTiles)];
  const area = sizeTimes(rows.tile, columns.tile);
  const inside = mappings(limited(histograms(x, rows, columns), clipLimit, area), area);
  const around = [1, 1] as const;
  const table = flat(pad(inside, [[0, 0], [0, 0], around, around, [0, 0]], 'edge'));
  const bin = binOf(isFloat(x) ? clip(x, 0, 255) : x);
  const mapped = (row: Value, column: Value) => {
    const places = flat(placesIn(rowTiles + 2, columnTiles + 2, x, row, column, bin));
    return reshape(node('GatherElements', [table, places], { axis: 1 }, 'float32', places.shape), sizesOf(x));
  };
  const mixed = (first: Value, second: Value, share: Value) => add(mul(first, sub(1, share)), mul(second, share));
  const [vertical, horizontal] = [between(x, rows), between(x, columns)];
  const across = (row: Value) =>
    mixed(mapped(row, horizontal.tiles[0]), mapped(row, horizontal.tiles[1]), horizontal.share);
  return mixed(across(vertical.tiles[0]), across(vertical.tiles[1]), vertical.share);
}

/** K. Zuiderveld, "Contrast limited adaptive histogram equalization", 1994, by Keras's formula. */
const adaptiveEqualization: LayerHandler = ([input], call: LayerCall) => {
  const { config } = call;
  const [low, high] = config.numbers('value_range', 2, [0, 255]).map(Math.fround) as [number, number];
  const tiles = config.integers('tile_grid_size', 2, [8, 8], 1) as [number, number];
  if (tiles.some((count) => count > mostTiles))
    return call.unsupported(`its tile_grid_size should be of numbers up to ${mostTiles}`);
  const clipLimit = config.number('clip_limit', 4);
  const ofBytes = low === 0 && high === 255;
  const span = Math.fround(high - low);
  return onImages(input!, call, (x) => {
    const bytes = ofBytes ? x : mul(div(sub(toFloat(x), low), span), 255);
    const result = equalized(bytes, clipLimit, tiles);
    const changed = cast(ofBytes ? result : add(mul(div(result, 255), span), low), x.type);
    // In Keras a pixel that is no number ends the request.
    return isFloat(x) ? where(isNan(x), Number.NaN, changed) : changed;
  });
};

/** https://keras.io/api/layers/preprocessing_layers/image_preprocessing/ */
export const adaptiveEqualizationLayers: LayerTable = {
  ContrastLimitedAdaptiveHistogramEqualization: ofImagesAlone(adaptiveEqualization),
};
