// The page's language decides which of two texts a script shows; both stand where they are used.
const chinese = document.documentElement.lang.toLowerCase().startsWith("zh");

export const t = (zh, en) => (chinese ? zh : en);
