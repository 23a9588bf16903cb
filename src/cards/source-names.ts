/** Names of classes out of what a program writes of them. */

/** A text as source code has it. */
export interface WrittenText {
  text: string;
  /** Whether what is in braces is filled in. */
  isFilled: boolean;
}

/** The most words of a name, and of a sentence, which is taken for one where nothing shorter is said. */
const [mostInName, mostInSentence, longest] = [5, 12, 100];

const wordsIn = (text: string): string[] => text.split(/\s+/);

/** The most words of a name in which some of a sentence stand: `It is spam`. */
const mostOfSentence = 3;
/** Words of sentences that are about something. */
const about = /(?:^|\s)(?:is|are|was|has|have|does|it|its|this|that|you|your|we|the|please)(?:$|\s)/i;

/** Whether texts are as short as names are, and no sentences. */
export const areNames = (names: readonly string[]): boolean =>
  names.every((name) => wordsIn(name).length <= (about.test(name) ? mostOfSentence : mostInName));

/** What decorates a text: tags, marks of Markdown, emoji. */
const decorations =
  /<[^<>]{0,500}>|&\w{1,10};|\*\*|__|`|^\s*#{1,6}\s|\u200d|\ufe0f|\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}/gu;
/** What ends a name where the rest of a text has something filled in: `Spam (`, `Spam: `, `Spam. Probability: `. */
const beforeFilled = /\s*(?:[(:|,]|\.\s|\s[-–—]\s).*$/s;
const edges = /^[\s:;,.!?•*–—-]+|[\s:;,.!*–—-]+$/g;

/** What isn't written to a person: files, addresses, styles. */
const technical = /^[#./]|^\S*\.[a-z]{2,5}\d?$|^\w+:\/\/|[{}<>=\\]|;\s*\S*:|:\s*\S+;/i;
/** Words of which a pair is a colour or a kind of box. */
const styles =
  /^(?:success|error|danger|warning|warn|info|primary|secondary|safe-box|alert|normal|inverse|off|none|(?:light|dark)?(?:red|green|blue|orange|yellow|gr[ae]y|black|white|purple|lime|crimson|coral|salmon|teal)|rgba?\(.*\)|bold|italic)$/i;

/** What a text says without its decoration; undefined where something is filled in before it says anything. */
function undecorated({ text, isFilled }: WrittenText): { text: string; isCut: boolean } | undefined {
  const shown = text.replace(/\\(?:[nrt]|\r?\n)/g, ' ').replace(/\\(['"`])/g, '$1');
  const field = isFilled ? shown.search(/(?<!\{)(?:\{\{)*\$?\{(?!\{)/) : -1;
  // A tag may have what is filled in, too.
  const whole = field < 0 ? shown : shown.replace(/<[^<>]{0,500}>/g, '');
  const at = isFilled ? whole.search(/\$?\{/) : -1;
  const kept = (at < 0 ? whole : whole.slice(0, at)).replace(decorations, ' ').replace(/\s+/g, ' ').trim();
  return kept === '' ? undefined : { text: kept, isCut: at >= 0 };
}

/** What stands before the first stop where that is as short as a name, and no sentence: `Spam. Delete it at once.` */
function shorter(text: string): string {
  const [, first] = /^(.{3,60}?)[.!]\s/.exec(text) ?? [];
  return first !== undefined && areNames([first]) && !about.test(first) ? first : text;
}

/**
 * The names of classes in texts of which a program writes one: `["Result: Spam", "Result: Ham"]` are Spam and Ham.
 * @returns undefined where they can't be names
 */
export function namesOf(texts: readonly WrittenText[]): string[] | undefined {
  const shown = texts.flatMap((text) => undecorated(text) ?? []);
  if (shown.length < texts.length) return undefined;
  const shared = /^[^:]{0,60}:\s*/.exec(shown[0]!.text)?.[0] ?? '';
  const isShared = shared !== '' && shown.every(({ text }) => text.startsWith(shared));
  const names = shown.map(({ text, isCut }) => {
    const own = isShared ? text.slice(shared.length) : text;
    // Of what is written before a number there has to be an end of the name.
    const named = isCut ? (beforeFilled.test(own) ? own.replace(beforeFilled, '') : '') : own;
    return shorter(named).replace(edges, '');
  });
  const isWhole = names.every(
    (name) =>
      /\p{L}/u.test(name) &&
      name.length <= longest &&
      wordsIn(name).length <= mostInSentence &&
      !/[.!?]\s/.test(name) &&
      !technical.test(name) &&
      !/[\p{Cc}\\]/u.test(name),
  );
  const differ = new Set(names.map((name) => name.toLowerCase())).size === names.length;
  return isWhole && differ && !names.every((name) => styles.test(name)) ? names : undefined;
}
