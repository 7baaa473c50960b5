/** Values that foreign code may throw, and whose reading fails. Each by what it is, with the text that can be had. */
export function hostileErrors(): {
  readonly what: string;
  readonly thrown: unknown;
  readonly text: RegExp;
}[] {
  const refuse = () => {
    throw new TypeError("may not be read");
  };
  const with_ = (key: string, message = "the real reason") =>
    Object.defineProperty(new Error(message), key, { get: refuse });
  const revoked = (target: object) => {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    return proxy;
  };
  const circular: Error & { cause?: unknown } = new Error("in a circle");
  circular.cause = circular;
  let reads = 0;
  return [
    { what: "stack throws", thrown: with_("stack"), text: /^the real reason$/ },
    { what: "message throws", thrown: with_("message"), text: /message cannot be read/ },
    { what: "name throws", thrown: with_("name"), text: /^the real reason$/ },
    {
      what: "the second reading throws",
      thrown: Object.defineProperty(new Error(), "message", {
        get: () => (reads++ === 0 ? "read once" : refuse()),
      }),
      text: /^read once$/,
    },
    {
      what: "message is a symbol",
      thrown: Object.assign(new Error(), { message: Symbol("odd") }),
      text: /^Symbol\(odd\)$/,
    },
    {
      what: "message is an object that cannot be a text",
      thrown: Object.assign(new Error(), { message: Object.create(null) }),
      text: /message cannot be read/,
    },
    {
      what: "stack is no text",
      thrown: Object.assign(new Error("no stack"), { stack: { at: 1 } }),
      text: /^no stack$/,
    },
    {
      what: "each trap of a Proxy throws",
      thrown: new Proxy(new Error("hidden"), new Proxy({}, { get: refuse })),
      text: /Proxy that cannot be read/,
    },
    { what: "a Proxy of an Error", thrown: new Proxy(new Error("behind it"), {}), text: /^behind it$/ },
    { what: "a revoked Proxy", thrown: revoked({}), text: /Proxy that cannot be read/ },
    {
      what: "a revoked Proxy of an Error",
      thrown: revoked(new Error("gone")),
      text: /Proxy that cannot be read/,
    },
    { what: "a revoked Proxy of an array", thrown: revoked([]), text: /Proxy that cannot be read/ },
    {
      what: "an Error without a prototype",
      thrown: Object.setPrototypeOf(new Error("orphan"), null),
      text: /^orphan$/,
    },
    { what: "an object without a prototype", thrown: Object.create(null), text: /\{\}/ },
    { what: "a symbol", thrown: Symbol("alone"), text: /Symbol\(alone\)/ },
    { what: "a BigInt", thrown: 5n, text: /\[object BigInt\]/ },
    { what: "nothing", thrown: undefined, text: /undefined/ },
    {
      what: "toJSON and toStringTag throw",
      thrown: {
        toJSON: refuse,
        toString: refuse,
        [Symbol.toPrimitive]: refuse,
        get [Symbol.toStringTag]() {
          return refuse();
        },
      },
      text: /a value that cannot be read/,
    },
    { what: "a cause that is a circle", thrown: circular, text: /^in a circle$/ },
    { what: "a frozen Error", thrown: Object.freeze(new Error("cold")), text: /^cold$/ },
    {
      what: "a huge message",
      thrown: new Error("x".repeat(5_000_000)),
      text: /^.{0,10}x{1900,}… \(5000007 characters\)$/,
    },
  ];
}
