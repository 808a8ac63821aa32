// The bundler combines them into one style sheet.
declare module '*.css' {}
