/**
 * The instructions that expressions are made of, by the number that each Python gives them; a dash where it has none. Columns as in
 * {@link versions}. https://docs.python.org/3/library/dis.html
 */
const table = `
                          3.6  3.7  3.8  3.9 3.10 3.11 3.12 3.13
NOP                         9    9    9    9    9    9    9   30
RESUME                      -    -    -    -    -  151  151  149
MAKE_CELL                   -    -    -    -    -  135  135   94
COPY_FREE_VARS              -    -    -    -    -  149  149   62
PUSH_NULL                   -    -    -    -    -    2    2   34
LOAD_FAST                 124  124  124  124  124  124  124   85
LOAD_FAST_LOAD_FAST         -    -    -    -    -    -    -   88
STORE_FAST                125  125  125  125  125  125  125  110
STORE_FAST_STORE_FAST       -    -    -    -    -    -    -  112
STORE_FAST_LOAD_FAST        -    -    -    -    -    -    -  111
LOAD_CONST                100  100  100  100  100  100  100   83
LOAD_GLOBAL               116  116  116  116  116  116  116   91
LOAD_DEREF                136  136  136  136  136  137  137   84
LOAD_ATTR                 106  106  106  106  106  106  106   82
LOAD_METHOD                 -  160  160  160  160  160    -    -
UNPACK_SEQUENCE            92   92   92   92   92   92   92  117
BINARY_POWER               19   19   19   19   19    -    -    -
BINARY_MULTIPLY            20   20   20   20   20    -    -    -
BINARY_MATRIX_MULTIPLY     16   16   16   16   16    -    -    -
BINARY_MODULO              22   22   22   22   22    -    -    -
BINARY_ADD                 23   23   23   23   23    -    -    -
BINARY_SUBTRACT            24   24   24   24   24    -    -    -
BINARY_FLOOR_DIVIDE        26   26   26   26   26    -    -    -
BINARY_TRUE_DIVIDE         27   27   27   27   27    -    -    -
BINARY_AND                 64   64   64   64   64    -    -    -
BINARY_OR                  66   66   66   66   66    -    -    -
BINARY_XOR                 65   65   65   65   65    -    -    -
INPLACE_POWER              67   67   67   67   67    -    -    -
INPLACE_MULTIPLY           57   57   57   57   57    -    -    -
INPLACE_MATRIX_MULTIPLY    17   17   17   17   17    -    -    -
INPLACE_MODULO             59   59   59   59   59    -    -    -
INPLACE_ADD                55   55   55   55   55    -    -    -
INPLACE_SUBTRACT           56   56   56   56   56    -    -    -
INPLACE_FLOOR_DIVIDE       28   28   28   28   28    -    -    -
INPLACE_TRUE_DIVIDE        29   29   29   29   29    -    -    -
INPLACE_AND                77   77   77   77   77    -    -    -
INPLACE_OR                 79   79   79   79   79    -    -    -
INPLACE_XOR                78   78   78   78   78    -    -    -
BINARY_OP                   -    -    -    -    -  122  122   45
BINARY_SUBSCR              25   25   25   25   25   25   25    5
BINARY_SLICE                -    -    -    -    -    -   26    4
UNARY_POSITIVE             10   10   10   10   10   10    -    -
UNARY_NEGATIVE             11   11   11   11   11   11   11   42
UNARY_INVERT               15   15   15   15   15   15   15   41
COMPARE_OP                107  107  107  107  107  107  107   58
BUILD_SLICE               133  133  133  133  133  133  133   50
BUILD_TUPLE               102  102  102  102  102  102  102   52
BUILD_LIST                103  103  103  103  103  103  103   47
LIST_EXTEND                 -    -    -  162  162  162  162   81
CALL                        -    -    -    -    -  171  171   53
CALL_KW                     -    -    -    -    -    -    -   57
PRECALL                     -    -    -    -    -  166    -    -
KW_NAMES                    -    -    -    -    -  172  172    -
CALL_FUNCTION             131  131  131  131  131    -    -    -
CALL_FUNCTION_KW          141  141  141  141  141    -    -    -
CALL_METHOD                 -  161  161  161  161    -    -    -
RETURN_VALUE               83   83   83   83   83   83   83   36
RETURN_CONST                -    -    -    -    -    -  121  103
EXTENDED_ARG              144  144  144  144  144  144  144   71
`;

/** How many places of two bytes, all zero, stand behind an instruction for what the interpreter keeps there. */
const caches: Record<string, Record<string, number>> = {
  '3.11': {
    BINARY_SUBSCR: 4,
    UNPACK_SEQUENCE: 1,
    LOAD_ATTR: 4,
    COMPARE_OP: 2,
    LOAD_GLOBAL: 5,
    BINARY_OP: 1,
    LOAD_METHOD: 10,
    PRECALL: 1,
    CALL: 4,
  },
  '3.12': {
    BINARY_SUBSCR: 1,
    UNPACK_SEQUENCE: 1,
    LOAD_ATTR: 9,
    COMPARE_OP: 1,
    LOAD_GLOBAL: 4,
    BINARY_OP: 1,
    CALL: 3,
  },
  '3.13': {
    BINARY_SUBSCR: 1,
    UNPACK_SEQUENCE: 1,
    LOAD_ATTR: 9,
    COMPARE_OP: 1,
    LOAD_GLOBAL: 4,
    BINARY_OP: 1,
    CALL: 3,
  },
};

/** A Python whose instructions are known. */
export interface PythonVersion {
  name: string;
  /** The second number: 13 of 3.13. */
  minor: number;
  /** Instructions by their number. */
  opcodes: ReadonlyMap<number, string>;
  caches: Readonly<Record<string, number>>;
}

const [head = '', ...rows] = table
  .trim()
  .split('\n')
  .map((line) => line.trim());

/** Every Python that is known, the oldest first. */
export const versions: readonly PythonVersion[] = head.split(/\s+/).map((name, column) => ({
  name,
  minor: Number(name.split('.')[1]),
  opcodes: new Map(
    rows.flatMap((row): [number, string][] => {
      const [instruction = '', ...numbers] = row.split(/\s+/);
      return numbers[column] === '-' ? [] : [[Number(numbers[column]), instruction]];
    }),
  ),
  caches: caches[name] ?? {},
}));
