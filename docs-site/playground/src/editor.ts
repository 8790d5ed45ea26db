// The editor chunk: CodeMirror with YAML, a lint gutter and a tinted range. Loaded when first shown.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Place, Problem } from "kubehop";

const tint = StateEffect.define<{ from: number; to: number } | null>();

const tinted = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(tint)) continue;
      next = effect.value === null ? Decoration.none : lines(transaction.state, effect.value.from, effect.value.to);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function lines(state: EditorState, from: number, to: number): DecorationSet {
  const first = state.doc.lineAt(from).number;
  const last = state.doc.lineAt(Math.max(from, to - 1)).number;
  const mark = Decoration.line({ class: "cm-evidence" });
  const ranges = [];
  for (let number = first; number <= last; number++) ranges.push(mark.range(state.doc.line(number).from));
  return Decoration.set(ranges);
}

// Colours come from the element's custom properties, so that both themes and any page's own apply.
const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--kh-key)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--kh-string)" },
  { tag: tags.comment, color: "var(--kh-muted)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--kh-string)" },
]);

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "0.8125rem", backgroundColor: "transparent", color: "var(--kh-text)" },
  ".cm-scroller": { fontFamily: "var(--kh-mono)", lineHeight: "1.5" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--kh-muted)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--kh-line)" },
  ".cm-evidence": { backgroundColor: "var(--kh-tint)" },
  ".cm-cursor": { borderLeftColor: "var(--kh-text)" },
  "&.cm-focused": { outline: "2px solid var(--kh-accent)", outlineOffset: "-2px" },
  ".cm-tooltip": { backgroundColor: "var(--kh-pane)", color: "var(--kh-text)", border: "1px solid var(--kh-edge)" },
  // CodeMirror sets its own selection colour on a layer behind the text.
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--kh-select)",
  },
});

/** What the element needs of an editor. */
export interface Editor {
  setText(text: string): void;
  setProblems(problems: readonly Problem[]): void;
  show(place: Place | null): void;
}

/** Creates the editor inside `parent`. Tab leaves it, since nothing binds Tab. */
export function createEditor(options: {
  parent: HTMLElement;
  root: ShadowRoot;
  text: string;
  readonly: boolean;
  label: string;
  onChange: (text: string) => void;
}): Editor {
  const view = new EditorView({
    parent: options.parent,
    root: options.root,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        foldGutter(),
        history(),
        bracketMatching(),
        highlightActiveLine(),
        yaml(),
        syntaxHighlighting(highlight),
        lintGutter(),
        tinted,
        theme,
        EditorState.readOnly.of(options.readonly),
        EditorView.contentAttributes.of({ tabindex: "0", "aria-label": options.label }),
        keymap.of([...lintKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  const offset = (line: number, column: number): number => {
    const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
    return Math.min(at.from + column - 1, at.to);
  };
  return {
    setText(text) {
      if (text === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    setProblems(problems) {
      const diagnostics: Diagnostic[] = problems.flatMap((problem) => {
        const place = problem.place;
        if (!place) return [];
        const from = offset(place.line, place.column);
        const to = Math.max(from, offset(place.endLine, place.endColumn));
        const severity = problem.severity === "advice" ? "info" : problem.severity;
        const field = problem.field ? `${problem.field}: ` : "";
        return [{ from, to, severity, message: field + problem.message, source: problem.code }];
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    show(place) {
      if (!place) {
        view.dispatch({ effects: tint.of(null) });
        return;
      }
      const from = offset(place.line, place.column);
      const to = offset(place.endLine, place.endColumn);
      view.dispatch({ effects: tint.of({ from, to }) });
      // CodeMirror's own scrollIntoView would scroll the page as well.
      view.requestMeasure({
        read: () => view.lineBlockAt(from).top - view.scrollDOM.clientHeight / 2,
        write: (top) => {
          view.scrollDOM.scrollTop = top;
        },
      });
    },
  };
}
