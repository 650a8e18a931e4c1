// Prints how many milliseconds it takes to import a module: time.js SPECIFIER
const specifier = process.argv[2]!
const start = performance.now()
await import(specifier)
console.log(performance.now() - start)
