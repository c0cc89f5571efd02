import { Component, type ReactNode } from 'react';

interface PanelFaultProps {
  /** Of the panel. */
  readonly title: string;
  /** Nothing is said: the panel itself does. */
  readonly isSilent?: boolean;
  readonly children: ReactNode;
}

/** A panel that cannot be drawn says why in its own place; the others, and what was done on the page, stay. */
export class PanelFault extends Component<PanelFaultProps, { readonly fault: Error | null }> {
  override state: { readonly fault: Error | null } = { fault: null };

  /** What React asks for when a part of the panel throws while it is drawn. */
  static getDerivedStateFromError(error: unknown) {
    return { fault: error instanceof Error ? error : new Error(String(error)) };
  }

  override render() {
    const { fault } = this.state;
    if (!fault) return this.props.children;
    if (this.props.isSilent) return null;
    return (
      <div className="state" role="alert" data-testid="panel-fault">
        <h2>
          <span className="lamp err" aria-hidden="true" /> {this.props.title} cannot be drawn
        </h2>
        <p>{fault.message}</p>
        <p className="t3">Take back the last change, then draw it again. The rest of the page goes on.</p>
        <button type="button" className="btn" onClick={() => this.setState({ fault: null })}>
          Draw again
        </button>
      </div>
    );
  }
}
