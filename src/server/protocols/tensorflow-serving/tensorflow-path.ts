const PATH =
  /^(\/v1\/models\/)([^/:?]+)(?:(\/(?:versions|labels)\/)([^/:?]+))?(:(?:predict|regress|classify)|\/metadata)?(?=\?|$)/i;

/** Returns a URL as it is routed: TensorFlow Serving ignores the case of its paths, except in names. */
export function tensorflowPath(url: string): string {
  const [path, root, name, kind = '', of = '', method = ''] = PATH.exec(url) ?? [];
  if (path === undefined) return url;
  const routed = `${root!.toLowerCase()}${name}${kind.toLowerCase()}${of}${method.toLowerCase()}`;
  return routed === path ? url : routed + url.slice(path.length);
}
