package android.widget;

import android.content.Context;
import android.view.View;

/** STUB for compiling alone. */
public class TextView extends View {
    public TextView(Context context) {
        super(context);
    }

    public final void setText(CharSequence text) {}

    public final void setText(int resid) {}
}
