/** The folder of the project, seen from `dist/bench`, where these files run. */
export const root = new URL('../../', import.meta.url)
