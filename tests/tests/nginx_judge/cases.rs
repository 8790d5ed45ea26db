//! What the judge is asked: rules in the order of their age, hosts and request targets.

/// One path, or the default backend of an Ingress.
pub struct Rule {
    pub ingress: &'static str,
    pub host: &'static str,
    /// `P`refix, `E`xact, `I`mplementationSpecific, or `default`.
    pub kind: &'static str,
    pub path: &'static str,
    pub service: &'static str,
    pub annotations: &'static [(&'static str, &'static str)],
}

/// One configuration and what is asked of it.
pub struct Case {
    pub name: &'static str,
    pub rules: &'static [Rule],
    pub hosts: &'static [&'static str],
    pub targets: &'static [&'static str],
}

pub const fn rule(
    ingress: &'static str,
    host: &'static str,
    kind: &'static str,
    path: &'static str,
    service: &'static str,
) -> Rule {
    Rule { ingress, host, kind, path, service, annotations: &[] }
}

pub const fn noted(
    ingress: &'static str,
    host: &'static str,
    kind: &'static str,
    path: &'static str,
    service: &'static str,
    annotations: &'static [(&'static str, &'static str)],
) -> Rule {
    Rule { ingress, host, kind, path, service, annotations }
}

pub const H: &str = "shop.example.com";
pub const REGEX: &[(&str, &str)] = &[("use-regex", "true")];

/// Targets that try the edges of one path `/cart`.
const CART: &[&str] = &[
    "/cart",
    "/cart/",
    "/cart/7",
    "/carts",
    "/CART",
    "/cart?x=1",
    "//cart",
    "/cart//7",
    "/./cart",
    "/x/../cart",
    "/%63art",
    "/cart%2F7",
    "/cart;v=1",
    "/",
    "/other",
    "/cart/../other",
    "/cart%3Fx",
    "/cart/.",
    "/../cart",
    "/cart/%20a",
];
const PATHS: &[&str] =
    &["/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/ab", "/A/B", "/a?q=/a/b", "/b", "/a//b", "/a/b%2Fc"];

/// Every case.
pub const CASES: &[Case] = &[
    Case { name: "prefix", rules: &[rule("a", H, "P", "/cart", "cart")], hosts: &[H], targets: CART },
    Case { name: "prefix-slash", rules: &[rule("a", H, "P", "/cart/", "cart")], hosts: &[H], targets: CART },
    Case { name: "exact", rules: &[rule("a", H, "E", "/cart", "cart")], hosts: &[H], targets: CART },
    Case { name: "exact-slash", rules: &[rule("a", H, "E", "/cart/", "cart")], hosts: &[H], targets: CART },
    Case {
        name: "exact-slash-and-root",
        rules: &[rule("a", H, "E", "/cart/", "cart"), rule("a", H, "P", "/", "root")],
        hosts: &[H],
        targets: CART,
    },
    Case {
        name: "implementation-specific",
        rules: &[rule("a", H, "I", "/cart", "cart")],
        hosts: &[H],
        targets: CART,
    },
    Case {
        name: "root",
        rules: &[rule("a", H, "P", "/", "root")],
        hosts: &[H, "other.example.com"],
        targets: PATHS,
    },
    Case { name: "exact-root", rules: &[rule("a", H, "E", "/", "root")], hosts: &[H], targets: PATHS },
    Case {
        name: "nested",
        rules: &[
            rule("a", H, "P", "/a", "a"),
            rule("a", H, "P", "/a/b", "b"),
            rule("a", H, "P", "/", "root"),
        ],
        hosts: &[H],
        targets: PATHS,
    },
    Case {
        name: "nested-other-order",
        rules: &[
            rule("a", H, "P", "/", "root"),
            rule("b", H, "P", "/a/b", "b"),
            rule("c", H, "P", "/a", "a"),
        ],
        hosts: &[H],
        targets: PATHS,
    },
    Case {
        name: "exact-over-prefix",
        rules: &[rule("a", H, "P", "/a", "prefix"), rule("b", H, "E", "/a", "exact")],
        hosts: &[H],
        targets: PATHS,
    },
    Case {
        name: "exact-both-slashes",
        rules: &[
            rule("a", H, "E", "/a", "plain"),
            rule("a", H, "E", "/a/", "slash"),
            rule("a", H, "P", "/a/b/", "deep"),
        ],
        hosts: &[H],
        targets: PATHS,
    },
    Case {
        name: "same-path-twice",
        rules: &[rule("a", H, "P", "/a", "old"), rule("b", H, "P", "/a", "new")],
        hosts: &[H],
        targets: PATHS,
    },
    Case {
        name: "hosts",
        rules: &[
            rule("w", "*.example.com", "P", "/", "wild"),
            rule("e", H, "P", "/a", "exact"),
            rule("d", "*.deep.example.com", "P", "/", "deep"),
        ],
        hosts: &[
            H,
            "SHOP.example.com",
            "shop.example.com.",
            "shop.example.com:8080",
            "x.example.com",
            "a_b.example.com",
            "x.deep.example.com",
            "deep.example.com",
            "x.y.example.com",
            "example.com",
            "10.0.0.1",
        ],
        targets: &["/", "/a", "/b"],
    },
    Case {
        name: "hostless",
        rules: &[rule("a", "", "P", "/a", "any"), rule("b", H, "P", "/b", "named")],
        hosts: &[H, "x.com"],
        targets: PATHS,
    },
    Case {
        name: "catch-all",
        rules: &[rule("a", "", "default", "", "fallback")],
        hosts: &[H],
        targets: PATHS,
    },
    Case {
        name: "default-beside-host",
        rules: &[rule("a", "", "default", "", "fallback"), rule("a", H, "P", "/a", "a")],
        hosts: &[H, "x.com"],
        targets: PATHS,
    },
    Case {
        name: "default-beside-hostless",
        rules: &[rule("a", "", "default", "", "fallback"), rule("a", "", "P", "/a", "a")],
        hosts: &[H],
        targets: PATHS,
    },
    Case {
        name: "catch-all-and-hostless-root",
        rules: &[rule("a", "", "P", "/", "root"), rule("b", "", "default", "", "fallback")],
        hosts: &[H],
        targets: PATHS,
    },
    Case {
        name: "regex",
        rules: &[noted("a", H, "I", "/a/[0-9]+", "numbers", REGEX)],
        hosts: &[H],
        targets: &["/a/1", "/a/12x", "/A/1", "/a/x", "/b/a/1", "/a/1/2", "/a/", "/a/1?x=/b"],
    },
    Case {
        name: "regex-anchored",
        rules: &[noted("a", H, "I", "/a/[0-9]+$", "numbers", REGEX)],
        hosts: &[H],
        targets: &["/a/1", "/a/12x", "/a/1/", "/a/1?x=1", "/a/"],
    },
    Case {
        name: "regex-spreads",
        rules: &[
            noted("a", H, "I", "/re/.*", "re", REGEX),
            rule("b", H, "E", "/Cart", "cart"),
            rule("c", H, "P", "/pay", "pay"),
        ],
        hosts: &[H],
        targets: &[
            "/Cart", "/cart", "/carts", "/Cart/x", "/pay", "/payment", "/PAY/x", "/re/x", "/re", "/", "/x",
        ],
    },
    Case {
        name: "regex-order",
        rules: &[
            noted("a", H, "I", "/a/.*", "long", REGEX),
            noted("a", H, "I", "/a/bbbbbb", "longest", &[]),
            noted("a", H, "I", "/", "root", &[]),
        ],
        hosts: &[H],
        targets: &["/a/bbbbbb", "/a/b", "/a", "/a/bbbbbbb", "/zzz"],
    },
    Case {
        name: "regex-dots",
        rules: &[noted("a", H, "I", "/v1.0", "v", REGEX)],
        hosts: &[H],
        targets: &["/v1.0", "/v1x0", "/v1.0.1", "/V1.0/x", "/v10"],
    },
    Case {
        name: "rewrite-root",
        rules: &[noted("a", H, "P", "/cart", "cart", &[("rewrite-target", "/")])],
        hosts: &[H],
        targets: CART,
    },
    Case {
        name: "rewrite-group",
        rules: &[noted(
            "a",
            H,
            "I",
            "/cart(/|$)(.*)",
            "cart",
            &[("rewrite-target", "/$2"), ("use-regex", "true")],
        )],
        hosts: &[H],
        targets: CART,
    },
    Case {
        name: "rewrite-optional",
        rules: &[noted("a", H, "I", "/cart/?(.*)", "cart", &[("rewrite-target", "/shop/$1")])],
        hosts: &[H],
        targets: CART,
    },
    Case {
        name: "rewrite-missing-group",
        rules: &[noted("a", H, "I", "/cart", "cart", &[("rewrite-target", "/x/$1/y")])],
        hosts: &[H],
        targets: &["/cart", "/cart/7", "/other"],
    },
    Case {
        name: "rewrite-same",
        rules: &[noted("a", H, "P", "/cart", "cart", &[("rewrite-target", "/cart")])],
        hosts: &[H],
        targets: &["/cart", "/cart/7", "/carts", "/CART", "/"],
    },
    Case {
        name: "rewrite-noop",
        rules: &[noted("a", H, "P", "/", "root", &[("rewrite-target", "/")])],
        hosts: &[H],
        targets: PATHS,
    },
    Case {
        name: "rewrite-escapes",
        rules: &[noted("a", H, "I", "/e/(.*)", "e", &[("rewrite-target", "/$1")])],
        hosts: &[H],
        targets: &[
            "/e/a%20b",
            "/e/%7Bx%7D",
            "/e/%22q%22",
            "/e/a%5Eb",
            "/e/%E2%82%AC",
            "/e/a+b",
            "/e/a%2Bb",
            "/e/%25",
            "/e/%23x",
            "/e/a%3Fb?c=d",
            "/e/a&b",
            "/e/a%7Cb",
            "/e/%3Cx%3E",
            "/e/a%5Cb",
        ],
    },
    Case {
        name: "rewrite-to-url",
        rules: &[noted(
            "a",
            H,
            "I",
            "/out/(.*)",
            "e",
            &[("rewrite-target", "http://elsewhere.example.com/$1")],
        )],
        hosts: &[H],
        targets: &["/out/a", "/out/a?x=1"],
    },
    Case {
        name: "vhost",
        rules: &[noted("a", H, "P", "/", "root", &[("upstream-vhost", "inner.example.com")])],
        hosts: &[H],
        targets: &["/", "/a"],
    },
    Case {
        name: "alias",
        rules: &[
            rule("a", H, "P", "/a", "a"),
            noted(
                "b",
                H,
                "P",
                "/b",
                "b",
                &[("server-alias", "alias.example.com,real.example.com,*.many.example.com")],
            ),
            rule("c", "real.example.com", "P", "/", "real"),
        ],
        hosts: &[
            H,
            "alias.example.com",
            "real.example.com",
            "x.many.example.com",
            "x.y.many.example.com",
            "many.example.com",
        ],
        targets: &["/", "/a", "/b"],
    },
    Case {
        name: "permanent",
        rules: &[noted(
            "a",
            H,
            "P",
            "/old",
            "old",
            &[("permanent-redirect", "http://new.example.com/x"), ("permanent-redirect-code", "308")],
        )],
        hosts: &[H],
        targets: &["/old", "/old/x?y=1", "/", "/else"],
    },
    Case {
        name: "temporal",
        rules: &[noted(
            "a",
            H,
            "P",
            "/old",
            "old",
            &[
                ("temporal-redirect", "http://new.example.com"),
                ("permanent-redirect", "http://no.example.com"),
            ],
        )],
        hosts: &[H],
        targets: &["/old", "/old/x?y=1", "/"],
    },
    Case {
        name: "app-root",
        rules: &[noted("a", H, "P", "/", "app", &[("app-root", "/start")])],
        hosts: &[H, "shop.example.com:80"],
        targets: &["/", "/?x=1", "//", "/start", "/x/.."],
    },
    Case {
        name: "clash-prefixes",
        rules: &[rule("a", H, "P", "/a", "a"), rule("b", H, "P", "/a/", "b")],
        hosts: &[H],
        targets: &[],
    },
    Case {
        name: "clash-three",
        rules: &[rule("a", H, "E", "/a", "a"), rule("b", H, "P", "/a", "b"), rule("c", H, "P", "/a", "c")],
        hosts: &[H],
        targets: &[],
    },
    Case { name: "clash-regex", rules: &[noted("a", H, "I", "/a(", "a", REGEX)], hosts: &[H], targets: &[] },
];
