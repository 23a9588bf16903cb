import { basename } from 'node:path';
import { filePart } from '../../support/file-part.js';

/** What people write as one word: `labelencoder`, `scalery`. */
const compound =
  /^(label|class|target|feature|word|column|one|x|y|input|output|std|standard|minmax|robust|scaler|data|count)(encoders?|binarizer|scalers?|names?|index|indices|columns?|map|dict|hot|x|y)$/;

/** The words of a file's name, or of its part's, in small letters and without its endings and numbers: of `scaler_X2.pkl` scaler and x. */
export const wordsIn = (file: string): string[] =>
  basename(filePart(file).part ?? file)
    .replace(/(?:\.[a-z]\w{0,7}){1,2}$/i, '')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .flatMap((word) => compound.exec(word)?.slice(1) ?? word)
    .filter((word) => word !== '');

/** What names of files say of what is in them. */
const speaking = {
  labels: /^(?:labels?|class(?:es)?|encoders?|le|lb|mlb|categor(?:y|ies)|targets?)$/,
  input: /^(?:x|features?|inputs?|scalers?|preprocess(?:or|ing)?|transformers?)$/,
  output: /^(?:y|targets?|outputs?|labels?|prices?)$/,
  columns: /^(?:columns?|cols|features?|fields?|header)$/,
  words: /^(?:words?|vocab(?:ulary)?|tokeni[sz]er|tok)$/,
};
export type Subject = keyof typeof speaking;

/** Whether the name of a file says that it is about something. */
export const speaksOf = (file: string, subject: Subject): boolean =>
  wordsIn(file).some((word) => speaking[subject].test(word));

/** What is said of files whatever they are for. */
const general =
  /^(?:names?|index|indices|list|map(?:ping)?|dict|binarizer|one|hot|ohe|ordinal|multi|to|id|idx|of|the|my|new|old|final|best|last|v|trained|saved?|fitted|model|keras|data|train(?:ing)?|prediction|output|y|standard|std|min|max|minmax|robust|normali[sz]er|power|sc|mms|ss|scal(?:e|ing)|imputer|pipe(?:line)?|ct|num(?:eric(?:al)?)?|all|fit|object|obj|file|artifacts?|regress(?:ion|or)|reg|classif(?:ication|ier)|clf|dl|ann|dnn|cnn|rnn|lstm|nn)$/;

/** Whether two words are one, or one begins with the other: `house` and `houses`. */
const isSame = (one: string, other: string): boolean =>
  one === other || (Math.min(one.length, other.length) > 3 && (one.startsWith(other) || other.startsWith(one)));

/**
 * The words of a file's name that say of what it is in particular: of `label_encoder_gender.pkl` gender.
 * @param known words that are no news, such as those of the model's name
 */
export const particularIn = (file: string, known: readonly string[]): string[] =>
  wordsIn(file).filter(
    (word) =>
      !general.test(word) &&
      !known.some((one) => isSame(one, word)) &&
      !Object.values(speaking).some((one) => one.test(word)),
  );
