import type { Fields } from './fields.js';
import { type ScalerSpec, StandardScaler, scale } from './scalers.js';
import { numbersOf, type TransformerKind, TransformSignal } from './transformer.js';

type Method = 'yeo-johnson' | 'box-cox';

interface PowerSpec {
  method: Method;
  /** The exponent of each column. */
  lambdas: Float64Array;
  /** What the results are standardised by. */
  scaler?: ScalerSpec;
}

/** Below it SciPy takes an exponent for 0, and one as far from 2 for 2. */
const spacing = 2 ** -52;

/** (x^λ − 1) / λ, and the logarithm where λ is 0: by the logarithm of x, which loses nothing near to 1. */
const boxCox = (log: number, lambda: number): number =>
  Math.abs(lambda) < spacing ? log : Math.expm1(lambda * log) / lambda;

const inverseBoxCox = (value: number, lambda: number): number =>
  Math.abs(lambda) < spacing ? Math.expm1(value) : (value * lambda + 1) ** (1 / lambda) - 1;

const methods: Record<
  Method,
  { of(value: number, lambda: number): number; inverse(value: number, lambda: number): number }
> = {
  // Yeo and Johnson, 2000: below 0 it is the same of −x, with 2 − λ.
  'yeo-johnson': {
    of: (value, lambda) => (value >= 0 ? boxCox(Math.log1p(value), lambda) : -boxCox(Math.log1p(-value), 2 - lambda)),
    inverse: (value, lambda) => (value >= 0 ? inverseBoxCox(value, lambda) : -inverseBoxCox(-value, 2 - lambda)),
  },
  'box-cox': {
    of: (value, lambda) => boxCox(Math.log(value), lambda),
    inverse: (value, lambda) => inverseBoxCox(value, lambda) + 1,
  },
};

function methodOf(fields: Fields): Method {
  const method = fields.text('method');
  return Object.hasOwn(methods, method) ? (method as Method) : fields.unsupported("whose method isn't understood");
}

/** Columns that are made more like normal distributions, and standardised where it is said. */
export const PowerTransformer: TransformerKind<PowerSpec> = {
  read(fields, all) {
    const lambdas = fields.numbers('lambdas_');
    if (!lambdas.every(Number.isFinite)) fields.unsupported('with a column that has no exponent');
    const scaler = fields.flag('standardize', true) ? StandardScaler.read(fields.object('_scaler'), all) : undefined;
    if (scaler?.steps.some(({ by }) => by.length !== lambdas.length))
      fields.unsupported('whose attributes are of different numbers of columns');
    return { method: methodOf(fields), lambdas, ...(scaler && { scaler }) };
  },
  inputs: ({ lambdas }) => lambdas.length,
  transform(columns, { method, lambdas, scaler }) {
    const powers = columns.map((column, index) =>
      numbersOf(column, index).map((value, row) => {
        if (method === 'box-cox' && value <= 0) throw new TransformSignal(index, row, value, 'a number over 0');
        return methods[method].of(value, lambdas[index]!);
      }),
    );
    return scaler ? scale(powers, scaler) : powers;
  },
  inverse(columns, { method, lambdas, scaler }, all) {
    const unscaled = scaler ? StandardScaler.inverse!(columns, scaler, all) : columns;
    return unscaled.map((column, index) =>
      numbersOf(column, index).map((value) => methods[method].inverse(value, lambdas[index]!)),
    );
  },
};
