/** The longest an API key may live, in seconds: a hundred years, for times far beyond are no dates any more. */
export const LONGEST_KEY_LIFE = 36_500 * 86_400;
