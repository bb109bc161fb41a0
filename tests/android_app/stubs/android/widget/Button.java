package android.widget;

import android.content.Context;

/** STUB for compiling alone. */
public class Button extends TextView {
    public Button(Context context) {
        super(context);
    }
}
